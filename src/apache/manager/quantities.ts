import { ErrorCode, GatewayError } from "../../errors.js";
import { fixedDecimals, pythonFloat, pythonInteger } from "./python-format.js";

/** Sizes and spans of time as apache-manager writes and reads them. */

const sizeUnits = ["KB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"].map((symbol, index) => ({
  symbol,
  bytes: 1000 ** (index + 1),
}));

/**
 * Bytes in decimal units with at most two decimals: `0 bytes`, `1 byte`, `1.02 KB`, `4.31 MB`.
 *
 * @param isFloat whether Python has the number as a float, which shows below 1,000: `1.0 byte`
 */
export function formatSize(bytes: number, isFloat = false): string {
  const unit = sizeUnits.findLast((one) => bytes >= one.bytes);
  if (unit !== undefined) return `${rounded(bytes / unit.bytes)} ${unit.symbol}`;
  const number = isFloat ? pythonFloat(bytes) : pythonInteger(bytes);
  return `${number} ${bytes === 1 ? "byte" : "bytes"}`;
}

const timeUnits = [
  ["year", 31_449_600],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Seconds in words, in the three largest units: `31 years, 41 weeks and 3 days`, `1.5 seconds`. */
export function formatTimespan(seconds: number): string {
  if (seconds < 60) {
    const number = rounded(seconds);
    return pluralize(number, "second");
  }
  const parts: string[] = [];
  let left = seconds;
  for (const [name, size] of timeUnits) {
    if (left < size) continue;
    parts.push(pluralize(String(Math.floor(left / size)), name));
    left %= size;
  }
  const shown = parts.slice(0, 3);
  const last = shown.pop() as string;
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

/** `1 worker`, `2 workers`. */
export function pluralize(count: number | string, name: string): string {
  return `${count} ${Number(count) === 1 ? name : `${name}s`}`;
}

function rounded(value: number): string {
  return fixedDecimals(value, 2).replace(/\.?0+$/, "");
}

const quantity = /^\s*(\d+(?:\.\d+)?)\s*([a-z][a-z\s]*)?$/i;

const sizeNames = [
  ["k", "kilo", "kibi"],
  ["m", "mega", "mebi"],
  ["g", "giga", "gibi"],
  ["t", "tera", "tebi"],
  ["p", "peta", "pebi"],
  ["e", "exa", "exbi"],
  ["z", "zetta", "zebi"],
  ["y", "yotta", "yobi"],
] as const;

export interface ParseMemorySizeOptions {
  /**
   * Whether `K` and `KB` mean 1,024 bytes, as in apache-manager 2, or 1,000, as in 1.2. `KiB` always
   * means 1,024.
   */
  readonly binary: boolean;
}

/**
 * Parses a size such as `500M`, `1.5 GB`, `64 KiB`, `5 bytes` or `42`, and returns bytes.
 *
 * @throws GatewayError `bad_input` for anything else
 */
export function parseMemorySize(text: string, { binary }: ParseMemorySizeOptions): number {
  const [number, unit] = divide(text, "size");
  if (unit === "" || /^b(?:ytes?)?$/.test(unit)) return Math.trunc(number);
  for (const [index, [letter, decimal, binaryName]] of sizeNames.entries()) {
    const isBinary = unit === `${letter}ib` || matches(unit, `${binaryName}byte`);
    const isEither = unit === letter || unit === `${letter}b` || matches(unit, `${decimal}byte`);
    if (!isBinary && !isEither) continue;
    return Math.trunc(number * (isBinary || binary ? 1024 : 1000) ** (index + 1));
  }
  throw unreadable(text, "size");
}

const spans = new Map<string, number>(
  [
    [1e-9, "ns", "nsec", "nsecs", "nanosecond", "nanoseconds"],
    [1e-6, "us", "usec", "usecs", "microsecond", "microseconds"],
    [1e-3, "ms", "msec", "msecs", "millisecond", "milliseconds"],
    [1, "s", "sec", "secs", "second", "seconds"],
    [60, "m", "min", "mins", "minute", "minutes"],
    [3600, "h", "hour", "hours"],
    [86_400, "d", "day", "days"],
    [604_800, "w", "week", "weeks"],
    [31_449_600, "y", "year", "years"],
  ].flatMap(([size, ...names]) => names.map((name) => [name as string, size as number] as const)),
);

/**
 * Parses a span of time such as `5m`, `1.5 hours`, `250ms` or `42`, and returns seconds. A year has
 * 52 weeks.
 *
 * @throws GatewayError `bad_input` for anything else
 */
export function parseTimespan(text: string): number {
  const [number, unit] = divide(text, "timespan");
  const size = unit === "" ? 1 : spans.get(unit);
  if (size === undefined) throw unreadable(text, "timespan");
  return number * size;
}

function matches(unit: string, name: string): boolean {
  return unit === name || unit === `${name}s`;
}

/** The number and the unit, in lower case and without blanks. */
function divide(text: string, what: string): [number: number, unit: string] {
  const match = text.length > 64 ? null : quantity.exec(text);
  if (match === null) throw unreadable(text, what);
  return [Number(match[1]), (match[2] ?? "").toLowerCase().replace(/\s+/g, "")];
}

function unreadable(text: string, what: string): GatewayError {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  return new GatewayError(ErrorCode.BadInput, `Failed to parse ${what}! (${shown})`, {
    hint:
      what === "size"
        ? "write a size such as 500M or 64 KiB"
        : "write a time such as 30s, 5m or 2 hours",
  });
}
