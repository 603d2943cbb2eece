import { hashBytes } from "../hash-key.js";
import {
  EngineError,
  FIRST_LINE_KEY,
  isOutside,
  LineKey,
  LineKind,
  LineValue,
  type Memory,
  ROW_WORDS,
  setTableResult,
  TABLE_LINES,
} from "../memory.js";
import { readValue } from "./read-value.js";

const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const FOUR_SPACES = 0x20202020;

/** {@link Engine.splitLines} */
export function splitLines(memory: Memory, start: number, length: number, final: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const { bytes, results, table, view } = memory;
  const end = start + length;
  let at = start;
  let rows = 0;
  while (at < end && rows < TABLE_LINES) {
    let colon = at;
    let byte = 0;
    while (colon < end) {
      byte = bytes[colon]!;
      if (byte === COLON || byte === NEWLINE) break;
      colon++;
    }
    let value = colon;
    if (byte === COLON) {
      value++;
      while (value + 4 <= end && view.getInt32(value, true) === FOUR_SPACES) value += 4;
      while (value < end && isBlank(bytes[value]!)) value++;
    }
    let newline = value;
    while (newline < end && bytes[newline] !== NEWLINE) newline++;
    if (newline === end && final === 0) break;

    const lineEnd = newline > at && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
    const row = ROW_WORDS * rows++;
    const keyRow = FIRST_LINE_KEY + row;
    table[row + LineValue.End] = lineEnd;
    table[keyRow + LineKey.Start] = at;
    if (colon < lineEnd) {
      const slot = (row + LineValue.Number) >> 1;
      table[row + LineValue.Start] = value;
      table[keyRow + LineKey.End] = colon;
      table[keyRow + LineKey.Hash] = hashBytes(view, at, colon - at);
      table[keyRow + LineKey.Kind] = readValue(memory, value, lineEnd, slot);
    } else {
      table[row + LineValue.Number] = 0;
      table[row + LineValue.Number + 1] = 0;
      table[row + LineValue.Start] = lineEnd;
      table[keyRow + LineKey.End] = lineEnd;
      table[keyRow + LineKey.Hash] = hashBytes(view, at, lineEnd - at);
      table[keyRow + LineKey.Kind] = LineKind.Bare;
    }
    at = newline + 1;
  }
  setTableResult(results, (at < end ? at : end) - start, 0, 0, 0);
  return rows;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
