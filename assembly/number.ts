import * as map from "./memory";

const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
/** A point among digits, of which '0' is taken away. */
const POINT_DIGIT: u64 = 0x1e;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;
const LOWER_E: u8 = 0x65;

/** Digits whose value is exact in a double, whatever they are. */
const EXACT_DIGITS: i32 = 15;
/** Digits of 2^64 - 1. */
const MOST_DIGITS: i32 = 20;
/** Far beyond what a double holds: larger exponents all mean the same. */
const EXPONENT_CAP: i32 = 100_000;

/** The powers of ten that a double holds exactly: one division or product rounds correctly. */
const MOST_POWER: i32 = 22;
const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
]);

const DIGIT_ZEROS: u64 = 0x3030_3030_3030_3030;

/** Returns the 1 to 8 bytes before an address, less the character 0 each, with zeros before them. */
export function digitsBefore(end: usize, length: usize): u64 {
  const others = (8 - <u64>length) << 3;
  return ((load<u64>(end - 8) ^ DIGIT_ZEROS) >> others) << others;
}

/** Returns the highest bit of each byte that is more than 9. */
export function othersOf(bytes: u64): u64 {
  return ((bytes + 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080;
}

/** Returns the value of eight decimal digits, the first in the lowest byte: pairs, fours, then all. */
export function valueOfDigits(digits: u64): u64 {
  const pairs = ((digits * 2_561) >> 8) & 0x00ff_00ff_00ff_00ff;
  const fours = ((pairs * 6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
  return (fours * 42_949_672_960_001) >> 32;
}

function isDigit(byte: u8): bool {
  return byte - ZERO <= 9;
}

/**
 * Reads a whole value of at least one byte as `[+-]?(digits[.digits*]|.digits)([eE][+-]?digits)?`,
 * with blanks after it, and stores its number.
 *
 * @returns a LINE_KIND
 */
export function readNumber(start: usize, end: usize, to: usize): i32 {
  if (end - start <= 8 && readDecimal(start, end, to)) return map.LINE_KIND_NUMBER;
  let at = start;
  let byte = load<u8>(at);
  const isNegative = byte === MINUS;
  if (isNegative || byte === PLUS) at++;

  let significant = 0;
  let mantissa: u64 = 0;
  let isTooLong = false;
  const digitsStart = at;
  for (; at < end; at++) {
    byte = load<u8>(at);
    if (!isDigit(byte)) break;
    if (significant || byte !== ZERO) significant++;
    if (significant === MOST_DIGITS) isTooLong = isTooLong || overflows(mantissa, byte);
    mantissa = mantissa * 10 + (byte - ZERO);
  }
  let digits = at - digitsStart;
  let exponent = 0;
  let isInteger = true;
  if (at < end && byte === POINT) {
    isInteger = false;
    const fraction = ++at;
    for (; at < end; at++) {
      byte = load<u8>(at);
      if (!isDigit(byte)) break;
      if (significant || byte !== ZERO) significant++;
      mantissa = mantissa * 10 + (byte - ZERO);
    }
    digits += at - fraction;
    exponent = <i32>(fraction - at);
  }
  if (!digits) return map.LINE_KIND_TEXT;
  if (at < end && (byte | 0x20) === LOWER_E) {
    isInteger = false;
    at++;
    let sign = 1;
    if (at < end) {
      byte = load<u8>(at);
      if (byte === MINUS) sign = -1;
      if (byte === MINUS || byte === PLUS) at++;
    }
    const exponentStart = at;
    let written = 0;
    for (; at < end; at++) {
      byte = load<u8>(at);
      if (!isDigit(byte)) break;
      if (written < EXPONENT_CAP) written = written * 10 + (byte - ZERO);
    }
    if (at === exponentStart) return map.LINE_KIND_TEXT;
    exponent += sign * written;
  }
  for (; at < end; at++) {
    byte = load<u8>(at);
    if (byte !== SPACE && byte !== TAB) return map.LINE_KIND_TEXT;
  }

  let value: f64;
  if (significant <= EXACT_DIGITS) {
    if (!significant) exponent = 0;
    if (exponent > MOST_POWER || exponent < -MOST_POWER) return map.LINE_KIND_LONG;
    value = <f64>(<i64>mantissa);
    if (exponent < 0) value /= load<f64>(POWERS + ((<usize>-exponent) << 3));
    else if (exponent > 0) value *= load<f64>(POWERS + ((<usize>exponent) << 3));
  } else {
    if (!isInteger || significant > MOST_DIGITS || isTooLong) return map.LINE_KIND_LONG;
    if (<i64>mantissa < 0) return isNegative ? map.LINE_KIND_LONG : map.LINE_KIND_WRAPPED;
    value = <f64>(<i64>mantissa);
  }
  store<f64>(to, isNegative ? -value : value);
  return map.LINE_KIND_NUMBER;
}

/** Reads up to 8 bytes at once, if they are digits and a point among them. */
function readDecimal(start: usize, end: usize, to: usize): bool {
  const digits = digitsBefore(end, end - start);
  const others = othersOf(digits);
  const point = ctz(others) - 7;
  if (others & (others - 1) || ((digits >> point) & 0xff) !== POINT_DIGIT) return false;
  const before = digits & (((<u64>1) << point) - 1);
  const value = valueOfDigits((before << 8) | (digits ^ before ^ (POINT_DIGIT << point)));
  store<f64>(to, <f64>(<i32>value) / load<f64>(POWERS + (56 - <usize>point)));
  return true;
}

/** Whether one digit more takes a number of 19 beyond 2^64 - 1. */
function overflows(mantissa: u64, digit: u8): bool {
  const most: u64 = 1_844_674_407_370_955_161;
  return mantissa > most || (mantissa === most && digit > 0x35);
}
