import { ErrorCode, GatewayError } from "../../errors.js";
import { parseDuration } from "../parse-values.js";
import { logFormats, logLevelOf } from "./log.js";

/**
 * Reads a boolean as Go does.
 *
 * @throws GatewayError `bad_input`
 */
export function parseBoolean(text: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw badFlagValue(`"${text}" is not a boolean`, "write true or false");
}

/** Reads a list as php-fpm_exporter does: items with commas between them. */
export function parseCommaList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * Reads a header field as apache_exporter does: `NAME=VALUE` or `NAME:VALUE`.
 *
 * @throws GatewayError `bad_input`
 */
export function parseHeaderFlag(text: string): [name: string, value: string] {
  const match = /^([!#$%&'*+.^`|~\w-]+)\s*[=:]\s*(.*)$/.exec(text);
  if (match !== null) return [match[1]!, match[2]!];
  throw badFlagValue(`"${text}" is not a header field`, "write it as X-Scraper=prometheus");
}

/**
 * Reads a time that may be 0.
 *
 * @returns milliseconds
 * @throws GatewayError `bad_input`
 */
export function parseOffset(text: string): number {
  return /^0+(?:\.0+)?(?:ms|s)?$/.test(text.trim()) ? 0 : parseDuration(text);
}

/**
 * Reads a whole number, 0 or more.
 *
 * @throws GatewayError `bad_input`
 */
export function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw badFlagValue(`"${text}" is not a number from 0 to 999999`, "write digits, as in 64");
}

/**
 * Reads a path of HTTP.
 *
 * @throws GatewayError `bad_input`
 */
export function parseHttpPath(text: string): string {
  if (/^\/[\w.~!$&'()*+,;=:@%/-]*$/.test(text)) return text;
  throw badFlagValue(`"${text}" is not a path`, "write a path that begins with /, as in /metrics");
}

/**
 * Reads the interval of something that reads all targets: a second or more.
 *
 * @returns milliseconds
 * @throws GatewayError `bad_input`
 */
export function parsePushInterval(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds >= 1_000) return milliseconds;
  throw badFlagValue(`${text} is less than a second`, "write a longer time, as in 15s");
}

/**
 * Reads the path of a file on the machine of a pool.
 *
 * @throws GatewayError `bad_input`
 */
export function parsePoolPath(text: string): string {
  if (text.startsWith("/")) return text;
  const hint = "write the whole path, as in /usr/local/share/fcgi-probe/opcache.php";
  throw badFlagValue(`"${text}" does not begin with /`, hint);
}

/**
 * Reads a URL of HTTP.
 *
 * @throws GatewayError `bad_input`
 */
export function parseWebUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  throw badFlagValue(`"${text}" is not a URL`, "write it as in http://127.0.0.1:4318");
}

/** Reads one of several words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw badFlagValue(`"${text}" is none of ${words.join(", ")}`, `write ${words.join(" or ")}`);
  };
}

export const parseLogFormat = oneOf(...logFormats);

/**
 * Reads a level of the log.
 *
 * @throws GatewayError `bad_input`
 */
export function parseLogLevel(text: string) {
  const level = logLevelOf(text);
  if (level !== undefined) return level;
  throw badFlagValue(`"${text}" is not a level`, "write debug, info, warn or error");
}

/** The error for a wrong value, or a wrong use, of a flag. */
export function badFlagValue(message: string, hint: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
