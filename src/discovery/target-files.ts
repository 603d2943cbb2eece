import { createReadStream, type Stats, statSync } from "node:fs";
import { inspect } from "node:util";
import { targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** The longest line, in characters. No address is as long. */
const MAX_LINE = 65_536;
/** The longest YAML document, in characters. It is parsed as a whole; a file of lines is not. */
const MAX_YAML = 16_777_216;
/** The deepest nesting of lists. Real files have two or three levels. */
const MAX_DEPTH = 32;
/** The most targets of a YAML document. A few lines with aliases can expand to millions. */
const MAX_TARGETS = 1_000_000;

/**
 * The targets that a file, or standard input, names: an address a line with `#` comments, or YAML
 * (JSON is YAML too), see {@link targetsOfYaml}. Which it is shows in the file's name or in its
 * first line that is not a comment. Yields lines as they are read.
 *
 * @throws GatewayError `bad_input`, `limit_exceeded`
 */
export async function* readTargets(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string, void, undefined> {
  let first = true;
  let yaml: string[] | undefined = /\.(ya?ml|json)$/i.test(name) ? [] : undefined;
  let length = 0;
  for await (const line of linesOf(source, name)) {
    const target = targetOfLine(line);
    if (first && target !== "") {
      first = false;
      if (startsYaml(target)) yaml ??= [];
    }
    if (yaml === undefined) {
      if (target !== "") yield target;
      continue;
    }
    length += line.length + 1;
    if (length > MAX_YAML) throw tooLong(name);
    yaml.push(line);
  }
  if (yaml !== undefined) yield* await targetsOfYaml(yaml.join("\n"), name);
}

/** A line without its comment, which begins the line or follows a blank. */
function targetOfLine(line: string): string {
  return line.replace(/(^|\s)#.*$/, "").trim();
}

/** `[::1]:9000/status` is an address; `[a, b]` is YAML. */
function startsYaml(line: string): boolean {
  return /^(---|- |-$|[[{]|targets\s*:)/.test(line) && !isAddress(line);
}

/**
 * The targets of a YAML document: a list of addresses, `targets:` with such a list, or a list of
 * these, as in the file_sd files of Prometheus.
 *
 * @throws GatewayError `bad_input`
 */
async function targetsOfYaml(text: string, name: string): Promise<string[]> {
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw badTargets(name, whyNotYaml(cause), cause);
  }
  const targets: string[] = [];
  collectTargets(document, name, targets, 0);
  return targets;
}

function whyNotYaml(error: unknown): string {
  const [message = ""] = (error as Error).message.split("\n");
  // The parser overflows the stack when the text is nested too deeply.
  if (message.startsWith("Maximum call stack")) return "it is nested too deeply";
  return message.replace(/:$/, "");
}

function collectTargets(value: unknown, name: string, targets: string[], depth: number): void {
  if (value === null || value === undefined) return;
  if (depth > MAX_DEPTH) throw badTargets(name, "it is nested too deeply, or contains itself");
  if (Array.isArray(value)) {
    for (const item of value) collectTargets(item, name, targets, depth + 1);
  } else if (typeof value === "string") {
    if (targets.length === MAX_TARGETS) throw badTargets(name, `it has more than ${MAX_TARGETS}`);
    targets.push(value);
  } else if (typeof value === "object" && "targets" in value && Array.isArray(value.targets)) {
    collectTargets(value.targets, name, targets, depth + 1);
  } else throw badTargets(name, `${excerpt(value)} is not a target`);
}

/** The first characters of a value. `inspect` can print a value that contains itself. */
function excerpt(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }).slice(0, 60);
}

/**
 * The number of targets in a file of lines; `undefined` for YAML, and for a file that is not
 * readable or can be read only once.
 */
export async function countTargets(path: string): Promise<number | undefined> {
  const stats = statsOf(path);
  if (stats === Unknown || !stats?.isFile() || /\.(ya?ml|json)$/i.test(path)) return undefined;
  let count = 0;
  for await (const line of linesOf(createReadStream(path))) {
    const target = targetOfLine(line);
    if (count === 0 && startsYaml(target)) return undefined;
    if (target !== "") count++;
  }
  return count;
}

/**
 * Whether an argument names a file of targets: `-`, or anything that exists and is not a socket,
 * such as a pipe of the shell's `<(…)`.
 *
 * @throws GatewayError `bad_input` when it is neither a file nor an address
 */
export function isTargetsFile(argument: string): boolean {
  if (argument === "-") return true;
  const stats = statsOf(argument);
  // With a file's extension, it is a missing file rather than an address.
  const hasExtension = /\.(txt|ya?ml|json|list|csv)$/i.test(argument);
  if (stats === Unknown && hasExtension) return true;
  if (typeof stats === "object") {
    if (stats.isDirectory()) {
      throw new GatewayError(ErrorCode.BadInput, `"${argument}" is a folder`, {
        hint: "give a file of targets, or the path of a socket in it",
      });
    }
    if (!stats.isSocket()) return true;
  }
  if (isAddress(argument) && !hasExtension) return false;
  throw new GatewayError(ErrorCode.BadInput, `"${argument}" is neither a file nor an address`, {
    hint: "give a file of targets, - for standard input, or an address such as unix:/run/php/www.sock:/status or 127.0.0.1:9000/status",
  });
}

/** The system refuses to examine the file. Opening it gives the reason. */
const Unknown = "unknown";

function statsOf(path: string): Stats | typeof Unknown | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return Unknown;
  }
}

function isAddress(text: string): boolean {
  try {
    targetAddress(text);
    return true;
  } catch {
    return false;
  }
}

function tooLong(name: string): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `${name} is YAML of more than ${MAX_YAML} characters`,
    { hint: "write one address per line: that form has no limit" },
  );
}

function badTargets(name: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `${name} names no targets: ${why}`, {
    hint: "write one address per line, or YAML: a list of addresses, or targets: with such a list",
    cause,
  });
}

/**
 * Yields the lines of UTF-8 text that arrives in chunks, without their line ends (LF or CRLF) and
 * without a byte order mark.
 *
 * @param name what is read, for messages
 * @throws GatewayError `limit_exceeded` for a line of more than 65,536 characters
 */
export async function* linesOf(
  source: AsyncIterable<Uint8Array>,
  name?: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) yield lineOf(line, name);
    checkLength(rest, name);
  }
  rest += decoder.decode();
  if (rest !== "") yield lineOf(rest, name);
}

/** Removes a carriage return at the end of a line. */
function lineOf(text: string, name: string | undefined): string {
  checkLength(text, name);
  return text.replace(/\r$/, "");
}

function checkLength(text: string, name: string | undefined): void {
  if (text.length <= MAX_LINE) return;
  throw new GatewayError(ErrorCode.LimitExceeded, `a line has more than ${MAX_LINE} characters`, {
    address: name,
    hint: "write one address per line",
  });
}
