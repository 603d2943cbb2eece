import { ErrorCode, GatewayError } from "../errors.js";
import { MAX_TIMER } from "../limits.js";

const unitMilliseconds = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["", 1_000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000],
]);

/**
 * Reads a time: `500ms`, `5s`, `1.5m`, `1h`; a number alone is in seconds.
 *
 * @returns milliseconds, at least 1
 * @throws GatewayError `bad_input`
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,10}(?:\.\d{1,6})?|\.\d{1,6})\s*([a-z]*)$/.exec(text.trim());
  const unit = match === null ? undefined : unitMilliseconds.get(match[2]!);
  if (match === null || unit === undefined) {
    throw badValue(`"${text}" is not a time`, "write a time such as 500ms, 5s, 1m or 2 (seconds)");
  }
  const milliseconds = Math.round(Number(match[1]) * unit);
  if (milliseconds < 1 || milliseconds > MAX_TIMER) {
    throw badValue(
      `"${text}" is not a time from 1ms to 24 days`,
      "write a time such as 500ms, 5s or 1m",
    );
  }
  return milliseconds;
}

/**
 * Reads a whole number.
 *
 * @param least the least that it may be: 0 or 1
 * @throws GatewayError `bad_input`
 */
export function parseWholeNumber(text: string, least: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count < least) {
    throw badValue(`"${text}" is not a number of ${least} or more`, "write digits, as in 256");
  }
  return count;
}

/**
 * Reads a whole number, 1 or more.
 *
 * @throws GatewayError `bad_input`
 */
export function parsePositive(text: string): number {
  return parseWholeNumber(text, 1);
}

/**
 * Reads `NAME=value`, as in `--param K=V`; the value may have more equals signs, or be empty.
 *
 * @throws GatewayError `bad_input`
 */
export function parseParam(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1)
    throw badValue(`"${text}" is not NAME=value`, "write it as in --param SERVER_NAME=example");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/**
 * Reads `Name: value`, as in `-H 'Accept: text/html'`. One space after the colon is dropped; the
 * rest of the value stays as it is.
 *
 * @throws GatewayError `bad_input`
 */
export function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw badValue(`"${text}" is not a header`, "write it as in -H 'Accept: text/html'");
  }
  return [text.slice(0, colon), text.slice(colon + 1).replace(/^ /, "")];
}

const unitBytes = new Map([
  ["", 1],
  ["k", 1_024],
  ["m", 1_048_576],
]);
/** The largest size, in bytes. Data of this size is kept in memory. */
const MAX_SIZE = 67_108_864;

/**
 * Reads a size in bytes: `65536`, `256k`, `4m`.
 *
 * @returns bytes, 1 to 64 MiB
 * @throws GatewayError `bad_input`
 */
export function parseByteSize(text: string): number {
  const match = /^(\d{1,9})([km]?)$/i.exec(text.trim());
  const unit = unitBytes.get((match?.[2] ?? "").toLowerCase()) as number;
  const size = match === null ? 0 : Number(match[1]) * unit;
  if (size < 1 || size > MAX_SIZE) {
    throw badValue(
      `"${text}" is not a size from 1 to 64m`,
      "write a size such as 65536, 256k or 4m",
    );
  }
  return size;
}

/**
 * Reads the path of a page of a pool, and adds the leading slash where it is missing.
 *
 * @throws GatewayError `bad_input` for a path with a query
 */
export function parsePagePath(text: string): string {
  if (text.includes("?")) {
    throw badValue(
      `"${text}" has a query`,
      "leave out the query; status shows processes with --full",
    );
  }
  return text.startsWith("/") ? text : `/${text}`;
}

function badValue(message: string, hint: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
