import { readLogDate } from "../engine/log-date.js";
import type { Field, FieldType } from "./fields.js";
import { ProcessState } from "./pool-status.js";

export type FieldValue = string | number | Date;

/** Reads the value of a field. Returns `undefined` if the text is not one of its type. */
export function parseValue(type: FieldType, text: string): FieldValue | undefined {
  switch (type) {
    case "text":
    case "uri":
      return text;
    case "state":
      return stateText(text);
    case "date": {
      const seconds = parseStartTime(text);
      return Number.isNaN(seconds) ? undefined : new Date(seconds * 1_000);
    }
    case "percent":
      return parsePercent(text);
    default: {
      const value = parseSigned(text);
      // A counter that fell below zero means none.
      return value === undefined ? undefined : Math.max(0, value);
    }
  }
}

/** Reads a date, in digits or as {@link readLogDate} does, in seconds since 1970, else NaN. */
export function parseStartTime(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  return readLogDate(
    Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    0,
    text.length,
  );
}

/**
 * Reads a whole number. From 2^63 to 2^64 - 1 it is a negative one: PHP prints numbers as unsigned,
 * even after a clock was set back or a counter fell below zero. `undefined` if it is not a number.
 */
export function parseSigned(text: string): number | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  if (text.length < 19) return Number(text);
  const value = BigInt(text);
  return value < 2n ** 63n ? Number(value) : Math.min(0, Number(value - 2n ** 64n));
}

/** PHP printed a state that had no name yet as `(null)`. */
export function stateText(text: string): string {
  return text === "(null)" ? ProcessState.Creating : text;
}

/** Reads `0.00`. Early PHP wrote the decimal point of its locale. */
function parsePercent(text: string): number | undefined {
  const percent = Number(text.replace(",", ".") || Number.NaN);
  return Number.isFinite(percent) ? Math.max(0, percent) : undefined;
}

/** A value to write. Dates are milliseconds since 1970. */
export type WrittenValue = string | number;

/** A value as text and HTML pages have it. */
export function plainText({ type }: Field, value: WrittenValue): string {
  return type === "date" ? localTime(Number(value)) : withoutControls(machineText({ type }, value));
}

/** A value as JSON and XML pages have it, before it is escaped. */
export function machineText({ type }: Pick<Field, "type">, value: WrittenValue): string {
  if (type === "date") return `${Math.floor(Number(value) / 1_000)}`;
  return type === "percent" ? Number(value).toFixed(2) : `${value}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A moment as access logs have it, in local time: `20/Nov/2026:18:28:16 +0000`. */
function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(date.getDate())}/${months[date.getMonth()]}/${date.getFullYear()}`;
  return `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/**
 * Percent-encodes control characters, including those from U+0080 to U+009F, and Unicode's line
 * separators. In the name of a user, one of them could forge a line or control a terminal.
 */
export function withoutControls(value: string): string {
  return value.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, encodeURIComponent);
}

/** Removes JSON's escapes, or returns a text that is not valid in quotes as it is. */
export function unescapeJson(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
