import * as map from "./memory";

const COLON: u8 = 0x3a;
const SPACE: u8 = 0x20;
const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;

/** Bytes of `20/Nov/2026:18:28:16 +0000`. */
export const DATE_LENGTH: usize = 26;
/** "Mar/", "Apr/" and so on: a year that begins in March ends with its leap day. */
const MONTHS = memory.data<u32>([
  0x2f72614d, 0x2f727041, 0x2f79614d, 0x2f6e754a, 0x2f6c754a, 0x2f677541, 0x2f706553, 0x2f74634f,
  0x2f766f4e, 0x2f636544, 0x2f6e614a, 0x2f626546,
]);
const JANUARY: i32 = 10;
/** Years are counted from 400 before the first, so that none is negative: divisions round down. */
const EARLIER: i32 = 400;
/** From the last day of that February. */
const DAYS_BEFORE_1970: i32 = 865_566;

/** Words to fill vectors with. As constants in the code they make a line with a date 4 % slower. */
const ZEROS = memory.data<u16>([0x3030]);
const NINES = memory.data<u16>([0x0909]);
const FIRST_BYTES = memory.data<u16>([0x00ff]);
const TENS = memory.data<u16>([10]);

/** The largest hour, minute; second, day; century, year; and hours and minutes of a time zone. */
const MOST = memory.data<u16>([23, 59, 60, 31, 99, 99, 99, 99], 16);
/** Their factors in the sum of each pair, which is in seconds; seconds; years; seconds. */
const UNITS = memory.data<u16>([3600, 60, 1, 0, 100, 1, 3600, 60], 16);

/**
 * Reads a date as src/engine/log-date.ts does, {@link DATE_LENGTH} bytes whose third is a slash, and
 * stores its seconds. Its eight numbers of two digits are read at once.
 *
 * @returns a LINE_KIND
 */
export function readDate(start: usize, to: usize): i32 {
  const front = v128.load(start);
  const back = v128.load(start, 10);
  // biome-ignore format: two by two
  const letters = i8x16.shuffle(
    front, back, 12, 13, 21, 22, 24, 25, 0, 1, 7, 8, 9, 10, 28, 29, 30, 31,
  );
  const digits = i8x16.sub(letters, filled(ZEROS));
  const tens = i16x8.mul(v128.and(digits, filled(FIRST_BYTES)), filled(TENS));
  const numbers = i16x8.add(tens, i16x8.shr_u(digits, 8));
  const day = i16x8.extract_lane_u(numbers, 3);
  const tooMuch = v128.or(i8x16.gt_u(digits, filled(NINES)), i16x8.gt_u(numbers, v128.load(MOST)));
  if (!day || v128.any_true(tooMuch) || !isPunctuated(start)) return map.LINE_KIND_TEXT;

  const name = v128.load32_splat(start, 3);
  const months = isMonth(name, 0) | (isMonth(name, 4) << 4) | (isMonth(name, 8) << 8);
  if (!months) return map.LINE_KIND_TEXT;
  const month = ctz(months);
  const sums = i32x4.dot_i16x8_s(numbers, v128.load(UNITS));
  const seconds = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
  const zone = i32x4.extract_lane(sums, 3);
  const year = i32x4.extract_lane(sums, 2) + EARLIER - <i32>(month >= JANUARY);
  const days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
  const offset = load<u8>(start, 21) === PLUS ? -zone : zone;
  store<f64>(to, <f64>(days - DAYS_BEFORE_1970) * 86_400 + <f64>(seconds + offset));
  return map.LINE_KIND_DATE;
}

/** A vector of eight times the word at an address. */
function filled(word: usize): v128 {
  return v128.load16_splat(word);
}

/** A bit for each of four months that has the name. */
function isMonth(name: v128, first: usize): i32 {
  return i32x4.bitmask(i32x4.eq(name, v128.load(MONTHS + (first << 2))));
}

function isPunctuated(start: usize): bool {
  const sign = load<u8>(start, 21);
  return (
    load<u8>(start, 11) === COLON &&
    load<u8>(start, 14) === COLON &&
    load<u8>(start, 17) === COLON &&
    load<u8>(start, 20) === SPACE &&
    (sign === PLUS || sign === MINUS)
  );
}
