import { hashKey } from "./hash-key";
import * as map from "./memory";
import { findByte, hitsOf, splatAt } from "./scan";
import { readValue } from "./value";

const TAB: u8 = 0x09;
const CARRIAGE_RETURN: u8 = 0x0d;
const SPACE: u8 = 0x20;
/** Newline, colon, space, tab. */
const BYTES = memory.data<u8>([0x0a, 0x3a, 0x20, 0x09]);
/** Most lines have their key and the first byte of their value within this many bytes. */
const AHEAD: usize = 32;
/** Bytes of the window that are searched for newlines at once. */
const BLOCK: usize = 64;

/** The distance between rows, and that of all the lines that the table holds. */
const ROW: usize = map.ROW_BYTES;
const FULL: usize = <usize>map.TABLE_LINES * ROW;
/** The addresses of the first line's columns. */
const NUMBER: usize = map.LINE_VALUES;
const VALUE_START: usize = map.LINE_VALUES + map.LINE_VALUE_START * 4;
const VALUE_END: usize = map.LINE_VALUES + map.LINE_VALUE_END * 4;
const KEY_START: usize = map.LINE_KEYS;
const KEY_END: usize = map.LINE_KEYS + map.LINE_KEY_END * 4;
const KEY_HASH: usize = map.LINE_KEYS + map.LINE_KEY_HASH * 4;
const KIND: usize = map.LINE_KEYS + map.LINE_KEY_KIND * 4;

/**
 * Two passes. The first finds the lines' ends in blocks of the window, the second looks at each
 * line: a line's start then never waits for the end of the line before, and the processor works on
 * several lines at once. 1.6 times faster than line after line.
 */
export function splitLines(start: i32, length: i32, final: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end: usize = start + length;
  let rows = findNewlines(start, end);
  let next = rows ? <usize>load<i32>(rows - ROW, VALUE_END) + 1 : <usize>start;
  if (final && next < end && rows < FULL) {
    store<i32>(rows, end, VALUE_END);
    rows += ROW;
    next = end;
  }
  readLines(start, rows);
  map.setTableResult(<i32>(next - start), 0, 0, 0);
  return <i32>(rows / ROW);
}

/**
 * Writes the addresses of the newlines into the column of ends. Those of the last block that do not
 * fit into the column lie where the keys will be.
 *
 * @returns the bytes of the rows that are used
 */
function findNewlines(start: usize, end: usize): usize {
  const newlineByte = splatAt(BYTES);
  let rows: usize = 0;
  for (let at = start; at < end && rows < FULL; at += BLOCK) {
    let newlines =
      <u64>hitsOf(v128.load(at), newlineByte) |
      ((<u64>hitsOf(v128.load(at, 16), newlineByte)) << 16) |
      ((<u64>hitsOf(v128.load(at, 32), newlineByte)) << 32) |
      ((<u64>hitsOf(v128.load(at, 48), newlineByte)) << 48);
    if (at + BLOCK > end) newlines &= ((<u64>1) << (end - at)) - 1;
    for (; newlines; rows += ROW) {
      store<i32>(rows, at + <usize>ctz(newlines), VALUE_END);
      newlines &= newlines - 1;
    }
  }
  return min(rows, FULL);
}

/** Completes the rows of {@link findNewlines}. */
function readLines(first: usize, rows: usize): void {
  const colonByte = splatAt(BYTES + 1);
  const spaceByte = splatAt(BYTES + 2);
  const tabByte = splatAt(BYTES + 3);
  let start = first;
  for (let row: usize = 0; row < rows; row += ROW) {
    let end: usize = load<i32>(row, VALUE_END);
    const next = end + 1;
    if (end > start && load<u8>(end - 1) === CARRIAGE_RETURN) end--;
    const low = v128.load(start);
    const high = v128.load(start, 16);
    const colons = hitsOf(low, colonByte) | (hitsOf(high, colonByte) << 16);
    let keyEnd = end;
    if (colons) keyEnd = min(start + <usize>ctz(colons), end);
    else if (end > start + AHEAD) keyEnd = findByte(colonByte, start + AHEAD, end);

    let value = end;
    let kind = map.LINE_KIND_BARE;
    store<f64>(row, 0, NUMBER);
    if (keyEnd < end) {
      const keyLength = <u32>(keyEnd - start);
      const blanks = blanksOf(low, spaceByte, tabByte) | (blanksOf(high, spaceByte, tabByte) << 16);
      const solid = keyLength < <u32>AHEAD ? ~blanks & (-2 << keyLength) : 0;
      if (solid) value = min(start + <usize>ctz(solid), end);
      else value = skipBlanks(max(keyEnd + 1, min(start + AHEAD, end)), end);
      kind = readValue(value, end, row + NUMBER);
    }
    store<i32>(row, value, VALUE_START);
    store<i32>(row, end, VALUE_END);
    store<i32>(row, start, KEY_START);
    store<i32>(row, keyEnd, KEY_END);
    store<i32>(row, hashKey(start, keyEnd - start), KEY_HASH);
    store<i32>(row, kind, KIND);
    start = next;
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
