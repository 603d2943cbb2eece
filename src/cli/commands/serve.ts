import { type Command, Option } from "commander";
import { ErrorCode, GatewayError } from "../../errors.js";
import { MAX_TIMER } from "../../limits.js";
import { serveCgiModule } from "../../pool/load-application.js";
import type { PoolOptionSpec } from "../../pool/option-types.js";
import { type PoolOptionName, type PoolOptions, poolOptions } from "../../pool/options.js";
import { controlBySignals, type Pool } from "../../pool/pool.js";
import { settleOptions } from "../../pool/settle-options.js";
import { inheritedTarget, startPool } from "../../pool/start-pool.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration, parseWholeNumber } from "../parse-values.js";
import { errorLines } from "../report-error.js";

/** The options from Commander: the pool's by the names of their flags, and the command's own. */
type ServeCommandOptions = Readonly<Record<string, unknown>> & {
  listen?: string;
  protocol?: string;
  multiplex?: true;
  everyone?: true;
  cgi?: true;
};

/** The port that SCGI servers have always used by default. */
const SCGI_ADDRESS = "127.0.0.1:4000";

const help = `
MODULE exports its handler as default: a function (request, context) =>
Response, or an object with fetch. ADDR is unix:/run/app.sock or 127.0.0.1:9000,
or a port alone (9000, :9000, *:9000) for all addresses of this machine. Write
scgi://, uwsgi:// or http:// before it for those protocols; fcgi:// is the
default.

Without --listen, serves the socket that the parent process passed: from systemd
(LISTEN_FDS), or descriptor 0 from spawn-fcgi, mod_fcgid or lighttpd. If there
is none, --protocol scgi listens on ${SCGI_ADDRESS}.

Signals: TERM, QUIT and INT finish the running requests, then end the pool. A
second one ends it at once, and so does the first one while the application
loads. HUP and USR2 replace the workers without losing a request. USR1 reopens
the log.

Exit status: 0 ended by a signal, 2 could not start, 130 interrupted by Ctrl-C
before the start.

Examples:
  fcgi-probe serve app.mjs --listen unix:/run/app.sock --workers 4
  fcgi-probe serve app.mjs --listen scgi://127.0.0.1:4000 --mode delegate
  fcgi-probe serve app.mjs --listen http://127.0.0.1:8080 --status-path /status
  fcgi-probe serve app.mjs --listen 127.0.0.1:9000 --status-path /status \\
    --status-listen 127.0.0.1:9001 --slowlog-timeout 5s --slowlog slow.log
`;

export function defineServe(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command.argument("<MODULE>", "the application's file");
  for (const { option } of poolFlags()) command.addOption(option);
  command
    .option("--multiplex", "accept several requests at once on a FastCGI connection")
    .option("--everyone", "let all users connect to the unix socket: mode 0666")
    .option("--cgi", "run as a CGI program: answer one request, and end")
    .addHelpText("after", help)
    .action(async (module: string, options: ServeCommandOptions) => {
      finish(await runServe(module, options, io));
    });
}

/** The flags of the pool's options, from their table. */
function poolFlags(): { name: PoolOptionName; option: Option }[] {
  return (Object.entries(poolOptions) as [PoolOptionName, PoolOptionSpec][]).flatMap(
    ([name, spec]) => {
      if (!("flag" in spec)) return [];
      const option = new Option(spec.flag, spec.help + defaultText(spec));
      const parse = parserOf(spec);
      return [{ name, option: parse === undefined ? option : option.argParser(parse) }];
    },
  );
}

/** The default of a number or a time, for help texts. Other options name theirs in their help. */
function defaultText({ type, default: value }: PoolOptionSpec): string {
  if (type === "count" && value !== undefined) return ` (default: ${value})`;
  if (type !== "milliseconds" || value === undefined) return "";
  return value === 0 ? " (default: never)" : ` (default: ${Number(value) / 1_000}s)`;
}

/** The parser of an option's value; undefined for texts, and for options without a value. */
function parserOf({ type, least = 0 }: PoolOptionSpec): ((text: string) => unknown) | undefined {
  if (type === "milliseconds") return parseDuration;
  if (type === "count") return (text) => parseWholeNumber(text, least);
  return Array.isArray(type) ? oneOf(type) : undefined;
}

/** An option's flag, as messages of the command name it. */
function flagOf(name: PoolOptionName): string {
  const spec: PoolOptionSpec = poolOptions[name];
  return "flag" in spec ? spec.flag.replace(/ .*/, "") : name;
}

async function runServe(module: string, options: ServeCommandOptions, io: Io): Promise<ExitCode> {
  if (options.cgi) return runCgi(module, io);
  const report = (error: unknown): void => {
    if (!(error instanceof GatewayError)) throw error;
    void io.stderr.writeLines(errorLines(error, io.stderr.style));
  };
  const start = new AbortController();
  const abort = (): void => start.abort();
  io.signal.addEventListener("abort", abort);
  if (io.signal.aborted) abort();
  const pool = poolOptionsOf(module, options);
  settleOptions(pool, flagOf);
  const starting = startPool({ ...pool, signal: start.signal });
  const release = controlBySignals(starting, report, start);
  // After the other handlers: Node drops a signal that arrived while nothing handles it.
  io.releaseSignals();
  try {
    const started = await starting;
    const stop = (): void => void started.stop();
    io.signal.addEventListener("abort", stop);
    if (io.signal.aborted) stop();
    await ended(started);
    return ExitCode.Fine;
  } catch (error) {
    if (start.signal.aborted) return ExitCode.Fine;
    report(error);
    return ExitCode.Failed;
  } finally {
    release();
  }
}

async function ended(pool: Pool): Promise<void> {
  // Without workers, an ondemand pool has nothing else that keeps this process alive.
  const awake = setInterval(() => {}, MAX_TIMER);
  await pool.ended;
  clearInterval(awake);
}

async function runCgi(module: string, { signal }: Io): Promise<ExitCode> {
  const exitCode = await serveCgiModule(module, { signal });
  return exitCode === 0 ? ExitCode.Fine : ExitCode.Failed;
}

function poolOptionsOf(application: string, options: ServeCommandOptions): PoolOptions {
  const given = poolFlags().map(({ name, option }) => [name, options[option.attributeName()]]);
  const pool = Object.fromEntries(given) as Partial<PoolOptions>;
  return {
    ...pool,
    application,
    listen: options.listen ?? inheritedTarget() ?? defaultAddress(options.protocol),
    socketMode: pool.socketMode ?? (options.everyone ? "everyone" : undefined),
    serve: { multiplex: options.multiplex },
  };
}

/**
 * The address to listen on when none is given: only SCGI has one.
 *
 * @throws GatewayError `bad_input` for any other protocol
 */
function defaultAddress(protocol: string | undefined): string {
  if (protocol === "scgi") return SCGI_ADDRESS;
  throw new GatewayError(ErrorCode.BadInput, "there is no socket to serve", {
    hint: "say where to listen: --listen unix:/run/app.sock",
  });
}

/** A parser that accepts one of several words. */
function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new GatewayError(ErrorCode.BadInput, `"${text}" is none of ${words.join(", ")}`);
  };
}
