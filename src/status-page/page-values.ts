import { readLogDate } from "../engine/log-date.js";

/** Seconds since 1970 of a date in either spelling: digits, or as {@link readLogDate} has it. */
export function parseStartTime(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  return readLogDate(
    Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    0,
    text.length,
  );
}

/**
 * Reads a whole number that may be below zero. From 2^63 to 2^64 - 1 it is a negative one that was
 * printed as unsigned, as PHP does where a clock was set back or a counter fell below zero.
 *
 * @returns `undefined` where the text is not a whole number
 */
export function parseSigned(text: string): number | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  if (text.length < 19) return Number(text);
  const value = BigInt(text);
  return value < 2n ** 63n ? Number(value) : Math.min(0, Number(value - 2n ** 64n));
}

/** {@link parseSigned} of what cannot be below zero: such a number means none, 0. */
export function parseCount(text: string): number | undefined {
  const value = parseSigned(text);
  return value === undefined ? undefined : Math.max(0, value);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes UTF-8; what is not becomes U+FFFD. Short ASCII does not pay for a TextDecoder. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
