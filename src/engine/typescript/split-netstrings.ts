import {
  EngineError,
  FrameFlag,
  FrameRow,
  isOutside,
  type Memory,
  ROW_WORDS,
  NetstringState as State,
  setTableResult,
  TABLE_ROWS,
} from "../memory.js";

const ZERO = 0x30;
const COLON = 0x3a;
const COMMA = 0x2c;
const IN_LENGTH = 0;
const IN_DATA = 1;
const AT_COMMA = 2;
/** The digits of the largest limit. It also bounds the leading zeros of a length that is not strict. */
const MOST_DIGITS = 10;

/** {@link Engine.splitNetstrings} */
export function splitNetstrings(
  { bytes, state, results, table }: Memory,
  start: number,
  length: number,
  most: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  const strict = state[State.Strict]!;
  const limit = state[State.Limit]!;
  let phase = state[State.Phase]!;
  let digits = state[State.Digits]!;
  let size = state[State.Length]!;
  let remaining = state[State.Remaining]!;

  let at = start;
  let rows = 0;
  let complete = 0;
  let error = 0;
  let errorOffset = 0;

  while (at < end && complete < most) {
    if (phase === IN_LENGTH) {
      if (digits === 0 && rows === TABLE_ROWS) break;
      const byte = bytes[at]!;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (digits === MOST_DIGITS || (strict !== 0 && digits === 1 && size === 0)) {
          error = EngineError.Digits;
        } else if (size * 10 + digit > limit) error = EngineError.Limit;
        if (error !== 0) {
          errorOffset = at - digits - start;
          break;
        }
        size = size * 10 + digit;
        digits++;
        at++;
      } else if (byte === COLON && digits > 0) {
        at++;
        remaining = size;
        phase = IN_DATA;
        if (size === 0) {
          writeRow(table, rows++, at, 0, FrameFlag.Begins | FrameFlag.Ends, 0);
          phase = AT_COMMA;
        }
      } else {
        error = EngineError.Digits;
        errorOffset = at - digits - start;
        break;
      }
    } else if (phase === IN_DATA) {
      const taken = remaining < end - at ? remaining : end - at;
      const begins = remaining === size ? FrameFlag.Begins : 0;
      const ends = remaining === taken ? FrameFlag.Ends : 0;
      writeRow(table, rows++, at, taken, begins | ends, size);
      at += taken;
      remaining -= taken;
      if (remaining === 0) phase = AT_COMMA;
    } else {
      if (bytes[at] !== COMMA) {
        error = EngineError.Comma;
        errorOffset = at - start;
        break;
      }
      at++;
      complete++;
      phase = IN_LENGTH;
      digits = size = 0;
    }
  }

  state[State.Phase] = phase;
  state[State.Digits] = digits;
  state[State.Length] = size;
  state[State.Remaining] = remaining;
  setTableResult(results, at - start, 0, complete, errorOffset);
  return error !== 0 ? error : rows;
}

function writeRow(
  table: Int32Array,
  index: number,
  start: number,
  length: number,
  flags: number,
  head: number,
): void {
  const row = ROW_WORDS * index;
  table[row + FrameRow.Start] = start;
  table[row + FrameRow.Length] = length;
  table[row + FrameRow.Flags] = flags;
  table[row + FrameRow.Head] = head;
}
