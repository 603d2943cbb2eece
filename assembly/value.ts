import * as map from "./memory";
import { EXACT_DIGITS, powerOfTen, readNumber } from "./number";

const PLUS: u32 = 0x2b;
const NINE: u32 = 0x39;
/** A bit for each byte from plus to nine that a number may begin with: not comma and slash. */
const BEGINNINGS: u32 = 0b111_1111_1110_1101;
const ZEROS: u64 = 0x3030_3030_3030_3030;
/** Bytes that may follow digits, less '0' as digits are: point, blanks, and all letters. */
const POINT: u64 = 0x1e;
const BLANK: u64 = 0x10;
const TAB: u64 = 0x09 ^ 0x30;
const LETTERS: u64 = 0x50;

/**
 * Reads the number of a value and stores it. Most are up to 8 bytes of digits, or no number by their
 * first byte: both are told here, where calling costs nothing, the rest in {@link readOther}.
 *
 * @returns a LINE_KIND
 */
export function readValue(start: usize, end: usize, to: usize): i32 {
  const first = <u32>load<u8>(start) - PLUS;
  if (first > NINE - PLUS || !((BEGINNINGS >> first) & 1)) return map.LINE_KIND_TEXT;
  const length = end - start;
  if (length - 1 < 8) {
    const digits = digitsBefore(end, length);
    if (!othersOf(digits)) {
      store<f64>(to, <f64>(<i32>valueOfDigits(digits)));
      return map.LINE_KIND_NUMBER;
    }
    if (length === 1) return map.LINE_KIND_TEXT;
  }
  return readOther(start, end, to);
}

/** Up to 8 bytes of digits with a point among them, and up to 15 digits, are read at once too. */
function readOther(start: usize, end: usize, to: usize): i32 {
  const length = end - start;
  if (!length) return map.LINE_KIND_TEXT;
  if (length <= 8) {
    const digits = digitsBefore(end, length);
    const others = othersOf(digits);
    const point = ctz(others) - 7;
    if (!(others & (others - 1)) && ((digits >> point) & 0xff) === POINT) {
      const before = digits & (((<u64>1) << point) - 1);
      const value = valueOfDigits((before << 8) | (digits ^ before ^ (POINT << point)));
      store<f64>(to, <f64>(<i32>value) / powerOfTen(7 - (<i32>point >> 3)));
      return map.LINE_KIND_NUMBER;
    }
  } else if (isTextual(start)) return map.LINE_KIND_TEXT;
  else if (length <= <usize>EXACT_DIGITS) {
    const low = digitsBefore(end, 8);
    const high = digitsBefore(end - 8, length - 8);
    if (!(othersOf(low) | othersOf(high))) {
      const value = valueOfDigits(high) * 100_000_000 + valueOfDigits(low);
      store<f64>(to, <f64>(<i64>value));
      return map.LINE_KIND_NUMBER;
    }
  }
  return readNumber(start, end, to);
}

/** Whether behind its first digits there is what no number has, as in dates. Looks at 8 bytes. */
function isTextual(start: usize): bool {
  const digits = load<u64>(start) ^ ZEROS;
  const others = othersOf(digits) & ~0xff;
  const other = (digits >> (ctz(others) - 7)) & 0xff;
  return others !== 0 && other !== POINT && other !== BLANK && other !== TAB && other < LETTERS;
}

/** The `length` bytes before an address less '0' each, zeros before them. 1 to 8 bytes. */
function digitsBefore(end: usize, length: usize): u64 {
  const others = (8 - <u64>length) << 3;
  return ((load<u64>(end - 8) ^ ZEROS) >> others) << others;
}

/** The highest bit of each byte that is more than 9. */
function othersOf(bytes: u64): u64 {
  return ((bytes + 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080;
}

/** Eight decimal digits, the first in the lowest byte: pairs, then fours, then all. */
function valueOfDigits(digits: u64): u64 {
  const pairs = ((digits * 2_561) >> 8) & 0x00ff_00ff_00ff_00ff;
  const fours = ((pairs * 6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
  return (fours * 42_949_672_960_001) >> 32;
}
