import * as map from "./memory";
import { findByte } from "./scan";

const ZERO: i32 = 0x30;
const COLON: i32 = 0x3a;
const COMMA: i32 = 0x2c;
const IN_LENGTH: i32 = 0;
const IN_DATA: i32 = 1;
const AT_COMMA: i32 = 2;
/** The digits of the largest limit. It also bounds the leading zeros of a length that is not strict. */
const MOST_DIGITS: i32 = 10;

export function splitNetstrings(start: i32, length: i32, most: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  const strict = map.getState(map.NETSTRING_STATE_STRICT);
  const limit = <i64>map.getState(map.NETSTRING_STATE_LIMIT);
  let phase = map.getState(map.NETSTRING_STATE_PHASE);
  let digits = map.getState(map.NETSTRING_STATE_DIGITS);
  let size = map.getState(map.NETSTRING_STATE_LENGTH);
  let remaining = map.getState(map.NETSTRING_STATE_REMAINING);

  let at = start;
  let rows = 0;
  let complete = 0;
  let error = 0;
  let errorOffset = 0;

  while (at < end && complete < most) {
    if (phase === IN_LENGTH) {
      if (!digits && rows === map.TABLE_ROWS) break;
      const byte = <i32>load<u8>(at);
      const digit = byte - ZERO;
      if (<u32>digit <= 9) {
        const grown = <i64>size * 10 + digit;
        if (digits === MOST_DIGITS || (strict && digits === 1 && !size)) {
          error = map.ENGINE_ERROR_DIGITS;
        } else if (grown > limit) error = map.ENGINE_ERROR_LIMIT;
        if (error) {
          errorOffset = at - digits - start;
          break;
        }
        size = <i32>grown;
        digits++;
        at++;
      } else if (byte === COLON && digits) {
        at++;
        remaining = size;
        phase = IN_DATA;
        if (!size) {
          map.setRow(rows++, at, 0, map.FRAME_FLAG_BEGINS | map.FRAME_FLAG_ENDS, 0);
          phase = AT_COMMA;
        }
      } else {
        error = map.ENGINE_ERROR_DIGITS;
        errorOffset = at - digits - start;
        break;
      }
    } else if (phase === IN_DATA) {
      const taken = min(remaining, end - at);
      const begins = remaining === size ? map.FRAME_FLAG_BEGINS : 0;
      const ends = remaining === taken ? map.FRAME_FLAG_ENDS : 0;
      map.setRow(rows++, at, taken, begins | ends, size);
      at += taken;
      remaining -= taken;
      if (!remaining) phase = AT_COMMA;
    } else {
      if (load<u8>(at) !== COMMA) {
        error = map.ENGINE_ERROR_COMMA;
        errorOffset = at - start;
        break;
      }
      at++;
      complete++;
      phase = IN_LENGTH;
      digits = 0;
      size = 0;
    }
  }

  map.setState(map.NETSTRING_STATE_PHASE, phase);
  map.setState(map.NETSTRING_STATE_DIGITS, digits);
  map.setState(map.NETSTRING_STATE_LENGTH, size);
  map.setState(map.NETSTRING_STATE_REMAINING, remaining);
  map.setTableResult(at - start, 0, complete, errorOffset);
  return error ? error : rows;
}

export function splitHeaders(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  let at = start;
  let rows = 0;
  while (at < end && rows < map.TABLE_ROWS) {
    const nameEnd = <i32>findByte(i8x16.splat(0), at, end);
    if (nameEnd === at) {
      map.setTableResult(at - start, 0, 0, at - start);
      return map.ENGINE_ERROR_EMPTY_NAME;
    }
    const valueStart = nameEnd + 1;
    const valueEnd = <i32>findByte(i8x16.splat(0), valueStart, end);
    if (valueEnd >= end) break;
    map.setRow(rows++, at, nameEnd - at, valueStart, valueEnd - valueStart);
    at = valueEnd + 1;
  }
  map.setTableResult(at - start, 0, 0, 0);
  return rows;
}
