import { DATE_LENGTH, readDate } from "./date";
import * as map from "./memory";
import { digitsBefore, othersOf, readNumber, valueOfDigits } from "./number";

const PLUS: u32 = 0x2b;
const SLASH: u8 = 0x2f;
const NINE: u32 = 0x39;
/** A bit for each byte from plus to nine that a number may begin with: not comma and slash. */
const BEGINNINGS: u32 = 0b111_1111_1110_1101;

/**
 * Reads the number or the date of a value and stores it. Most values have up to 8 digits, or a first
 * byte with which neither begins. Both are decided here, because this function is inlined.
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
  if (length === DATE_LENGTH && load<u8>(start, 2) === SLASH) return readDate(start, to);
  return length ? readNumber(start, end, to) : map.LINE_KIND_TEXT;
}
