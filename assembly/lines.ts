import { hashKey } from "./hash-key";
import * as map from "./memory";
import { findByte, hitsOf, splatAt } from "./scan";
import { readValue } from "./value";

const TAB: u8 = 0x09;
const CARRIAGE_RETURN: u8 = 0x0d;
const SPACE: u8 = 0x20;
/** Newline, colon, space, tab. */
const BYTES = memory.data<u8>([0x0a, 0x3a, 0x20, 0x09]);
/** Most lines have their key and the first of their value within so many bytes. */
const AHEAD: usize = 32;
/** Bytes of the window that are searched for newlines at once. */
const BLOCK: usize = 64;

/**
 * Two passes. The first finds the lines' ends in blocks of the window, the second looks at each
 * line: a line's start then never waits for the end of the line before, and the processor works on
 * several lines at once. 1.6 times faster than line after line.
 */
export function splitLines(start: i32, length: i32, final: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end: usize = start + length;
  const full = map.TABLE + <usize>map.TABLE_LINES * map.LINE_ROW_BYTES;
  let row = findLines(start, end, full);
  let taken: usize = row > map.TABLE ? load<i32>(row - map.LINE_ROW_BYTES, 12) + 1 : start;
  if (final && taken < end && row < full) {
    store<i32>(row, taken);
    store<i32>(row, end, 12);
    row += map.LINE_ROW_BYTES;
    taken = end;
  }
  readLines(row);
  map.setTableResult(<i32>(taken - start), 0, 0, 0);
  return <i32>((row - map.TABLE) / map.LINE_ROW_BYTES);
}

/** Writes start and newline of each line into a row. Returns where the rows end. */
function findLines(start: usize, end: usize, full: usize): usize {
  const newlineByte = splatAt(BYTES);
  let lineStart = start;
  let row = map.TABLE;
  for (let at = start; at < end; at += BLOCK) {
    let newlines =
      <u64>hitsOf(v128.load(at), newlineByte) |
      ((<u64>hitsOf(v128.load(at, 16), newlineByte)) << 16) |
      ((<u64>hitsOf(v128.load(at, 32), newlineByte)) << 32) |
      ((<u64>hitsOf(v128.load(at, 48), newlineByte)) << 48);
    if (at + BLOCK > end) newlines &= ((<u64>1) << (end - at)) - 1;
    while (newlines) {
      if (row === full) return row;
      const newline = at + <usize>ctz(newlines);
      store<i32>(row, lineStart);
      store<i32>(row, newline, 12);
      lineStart = newline + 1;
      row += map.LINE_ROW_BYTES;
      newlines &= newlines - 1;
    }
  }
  return row;
}

/** Completes the rows of {@link findLines}. */
function readLines(end: usize): void {
  const colonByte = splatAt(BYTES + 1);
  const spaceByte = splatAt(BYTES + 2);
  const tabByte = splatAt(BYTES + 3);
  for (let row = map.TABLE; row < end; row += map.LINE_ROW_BYTES) {
    const start: usize = load<i32>(row);
    let lineEnd: usize = load<i32>(row, 12);
    if (lineEnd > start && load<u8>(lineEnd - 1) === CARRIAGE_RETURN) lineEnd--;
    const low = v128.load(start);
    const high = v128.load(start, 16);
    const colons = hitsOf(low, colonByte) | (hitsOf(high, colonByte) << 16);
    let keyEnd = lineEnd;
    if (colons) keyEnd = min(start + <usize>ctz(colons), lineEnd);
    else if (lineEnd > start + AHEAD) keyEnd = findByte(colonByte, start + AHEAD, lineEnd);

    let value = lineEnd;
    let kind = map.LINE_KIND_BARE;
    store<f64>(row, 0, 24);
    if (keyEnd < lineEnd) {
      const keyLength = <u32>(keyEnd - start);
      const blanks = blanksOf(low, spaceByte, tabByte) | (blanksOf(high, spaceByte, tabByte) << 16);
      const solid = keyLength < <u32>AHEAD ? ~blanks & (-2 << keyLength) : 0;
      if (solid) value = min(start + <usize>ctz(solid), lineEnd);
      else value = skipBlanks(max(keyEnd + 1, min(start + AHEAD, lineEnd)), lineEnd);
      kind = readValue(value, lineEnd, row + 24);
    }
    store<i32>(row, keyEnd, 4);
    store<i32>(row, value, 8);
    store<i32>(row, lineEnd, 12);
    store<i32>(row, hashKey(start, keyEnd - start), 16);
    store<i32>(row, kind, 20);
  }
}

function blanksOf(vector: v128, space: v128, tab: v128): u32 {
  return i8x16.bitmask(v128.or(i8x16.eq(vector, space), i8x16.eq(vector, tab)));
}

function skipBlanks(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte !== SPACE && byte !== TAB) break;
    at++;
  }
  return at;
}
