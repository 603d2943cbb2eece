import { type Command, Option } from "commander";
import type { DiscoveryProblem } from "../discovery/discovery.js";
import type { PoolTargets } from "../discovery/pool-targets.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { visible } from "../terminal/text.js";
import type { Io } from "./io.js";
import { parseDuration, parsePagePath } from "./parse-values.js";
import { warningLine } from "./report-error.js";

/** How long an answer may take without `--timeout`. */
const defaultTimeouts = {
  /** For status, ping, values, scrape and `apache status`. */
  status: "5s",
  /** For the other commands of `apache`. */
  apachePage: "10s",
  /** For request. */
  request: "30s",
  /** For bridge. */
  bridge: "5m",
} as const;

/** `--timeout`, of the commands that wait for an answer. */
export function timeoutOption(of: keyof typeof defaultTimeouts): Option {
  const text = `how long a complete answer may take (default: ${defaultTimeouts[of]})`;
  return new Option("-t, --timeout <time>", text).argParser(parseDuration);
}

/** Milliseconds that an answer may take. */
export function timeoutOr(given: number | undefined, of: keyof typeof defaultTimeouts): number {
  return given ?? parseDuration(defaultTimeouts[of]);
}

/** The output formats of the two `status` commands. */
export const outputFormats = ["table", "text", "json", "ndjson", "prometheus"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** `--format`. */
export function formatOption(formats: readonly string[]): Option {
  return new Option("--format <format>", "the output format").choices(formats);
}

/** `--json`, of the commands whose `--format` has json. */
export function jsonOption(): Option {
  return new Option("-j, --json", "the same as --format json").implies({ format: "json" });
}

/** Refuses `--json` beside a `--format` that is another one. */
export function refuseContradictions(command: Command): void {
  const { json, format } = command.opts<{ json?: true; format?: string }>();
  if (json !== true || format === "json" || format === undefined) return;
  throw new GatewayError(ErrorCode.BadInput, `--json contradicts --format ${format}`, {
    hint: "give one of them",
  });
}

/** `--verbose`, of the commands that read many targets. */
export function verboseOption(): Option {
  return new Option("-v, --verbose", "name every target that failed, each with its error");
}

/** `--quiet`, of the commands that read many targets. */
export function quietOption(text: string): Option {
  return new Option("-q, --quiet", text);
}

/** `--full`, of the commands that show pools. */
export function fullOption(): Option {
  return new Option("-f, --full", "also show each process");
}

/** `--path`, of the commands that read a page of a pool. */
export function pathOption(page: string, path: string): Option {
  const text = `the ${page} path of all targets (default: from the address, or ${path})`;
  return new Option("--path <path>", text).argParser(parsePagePath);
}

/** `--watch`, of the two `status` commands. */
export function watchOption(): Option {
  return new Option("-w, --watch <time>", "read and show again at this interval").argParser(
    parseDuration,
  );
}

/** `--watch` and times, for help texts. */
export const watchHelp = `Write times as 500ms, 5s or 1m; a number alone is in seconds. Press q or Ctrl-C
to end --watch.`;

/** Reads an option that may be given several times. */
export function repeatable<Value>(parse: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []): Value[] => [...before, parse(text)];
}

/** The pools for a command: the given ones, or those that are found on this machine. */
export async function poolTargets(
  given: readonly string[],
  page: "status" | "ping",
  io: Io,
): Promise<readonly string[]> {
  return given.length > 0 ? given : (await discoveredPools(page, io)).addresses;
}

/** The pools of this machine. Writes warnings about those without the page. */
export async function discoveredPools(page: "status" | "ping", io: Io): Promise<PoolTargets> {
  const { findPoolTargets } = await import("../discovery/pool-targets.js");
  const found = await findPoolTargets(page, { signal: io.signal });
  await io.stderr.writeLines(problemLines(found.problems, io));
  return found;
}

/** The lines for what discovery could not find out. */
export function problemLines(problems: readonly DiscoveryProblem[], io: Io): string[] {
  return problems.flatMap(({ source, message, hint }) => {
    // A refused configuration names the file with the line itself.
    const text = message.startsWith(source) ? message : `${source}: ${message}`;
    return [warningLine(`warning: ${text}`, io), `  hint: ${visible(hint)}`];
  });
}

/** What a missing TARGET means, for help texts. */
export const noTargetHelp = `Without a TARGET, the pools of this machine are used: those in php-fpm's
configuration, and the sockets in /run/php and /run/php-fpm. See fcgi-probe
discover --help.`;

/** Puts the option before the message for a bad value, as in `--workers: "x" is …`. */
export function nameOptions(command: Command): void {
  for (const option of command.options) {
    const { parseArg } = option;
    if (parseArg === undefined) continue;
    option.argParser((text: string, before: unknown) => {
      try {
        return parseArg(text, before);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        const { code, address, cause, hint } = error;
        throw new GatewayError(code, `${option.long}: ${error.message}`, { address, cause, hint });
      }
    });
  }
}
