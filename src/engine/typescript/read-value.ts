import { LOG_DATE_LENGTH, readLogDate } from "../log-date.js";
import { LineKind, type Memory } from "../memory.js";

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const TAB = 0x09;
const LOWER_E = 0x65;

/** Digits whose value is exact in a double, whatever they are. */
const EXACT_DIGITS = 15;
/** Digits of 2^64 - 1. */
const MOST_DIGITS = 20;
/** Far beyond what a double holds: larger exponents all mean the same. */
const EXPONENT_CAP = 100_000;

/** The powers of ten that a double holds exactly: one division or product rounds correctly. */
const POWERS = Float64Array.from({ length: 23 }, (_, index) => Number(`1e${index}`));

/**
 * Reads a whole value as a number or a date, and writes the number or the seconds to a slot.
 *
 * @returns a {@link LineKind}
 */
export function readValue(memory: Memory, start: number, end: number, slot: number): number {
  return end - start === LOG_DATE_LENGTH
    ? readDate(memory, start, end, slot)
    : readNumber(memory, start, end, slot);
}

/** Not part of {@link readValue}, which V8 would not inline then: 10 % of the time of a page. */
function readDate(memory: Memory, start: number, end: number, slot: number): number {
  const seconds = readLogDate(memory.bytes, start, end);
  if (Number.isNaN(seconds)) return readNumber(memory, start, end, slot);
  memory.numbers[slot] = seconds;
  return LineKind.Date;
}

/**
 * Reads a whole value as `[+-]?(digits[.digits*]|.digits)([eE][+-]?digits)?`, blanks after it
 * allowed, and writes its number to a slot.
 *
 * @returns a {@link LineKind}
 */
function readNumber(memory: Memory, start: number, end: number, slot: number): number {
  const { bytes, numbers } = memory;
  numbers[slot] = 0;
  if (start === end) return LineKind.Text;
  let at = start;
  let byte = bytes[at]!;
  const isNegative = byte === MINUS;
  if (isNegative || byte === PLUS) at++;

  const digitsStart = at;
  let first = 0;
  let significant = 0;
  let mantissa = 0;
  for (; at < end; at++) {
    byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) break;
    if (significant === 0) {
      if (byte === ZERO) continue;
      first = at;
    }
    significant++;
    mantissa = mantissa * 10 + (byte - ZERO);
  }
  let digits = at - digitsStart;
  let exponent = 0;
  let isInteger = true;
  if (at < end && byte === POINT) {
    isInteger = false;
    const fraction = ++at;
    for (; at < end; at++) {
      byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) break;
      if (byte !== ZERO || significant > 0) significant++;
      mantissa = mantissa * 10 + (byte - ZERO);
    }
    digits += at - fraction;
    exponent = fraction - at;
  }
  if (digits === 0) return LineKind.Text;
  if (at < end && (byte | 0x20) === LOWER_E) {
    isInteger = false;
    at++;
    let sign = 1;
    if (at < end) {
      byte = bytes[at]!;
      if (byte === MINUS) sign = -1;
      if (byte === MINUS || byte === PLUS) at++;
    }
    const exponentStart = at;
    let written = 0;
    for (; at < end; at++) {
      byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) break;
      if (written < EXPONENT_CAP) written = written * 10 + (byte - ZERO);
    }
    if (at === exponentStart) return LineKind.Text;
    exponent += sign * written;
  }
  const digitsEnd = at;
  for (; at < end; at++) {
    byte = bytes[at]!;
    if (byte !== SPACE && byte !== TAB) return LineKind.Text;
  }

  if (significant <= EXACT_DIGITS) {
    if (significant === 0) exponent = 0;
    if (exponent > 22 || exponent < -22) return LineKind.Long;
    if (exponent < 0) mantissa /= POWERS[-exponent]!;
    else if (exponent > 0) mantissa *= POWERS[exponent]!;
    numbers[slot] = isNegative ? -mantissa : mantissa;
    return LineKind.Number;
  }
  if (!isInteger || significant > MOST_DIGITS) return LineKind.Long;
  return readLongInteger(memory, first, digitsEnd, isNegative, slot);
}

/** Reads an integer of 16 to 20 significant digits. */
function readLongInteger(
  { bytes, numbers }: Memory,
  start: number,
  end: number,
  isNegative: boolean,
  slot: number,
): number {
  const middle = end - 10;
  let text = "";
  let upper = 0;
  let lower = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    text += digit;
    if (at < middle) upper = upper * 10 + digit;
    else lower = lower * 10 + digit;
  }
  // 2^63 is 922337203 6854775808; 2^64 is 1844674407 3709551616.
  if (upper < 922_337_203 || (upper === 922_337_203 && lower < 6_854_775_808)) {
    numbers[slot] = isNegative ? -Number(text) : Number(text);
    return LineKind.Number;
  }
  const fits = upper < 1_844_674_407 || (upper === 1_844_674_407 && lower < 3_709_551_616);
  return fits && !isNegative ? LineKind.Wrapped : LineKind.Long;
}
