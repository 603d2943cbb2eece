import { EngineError, LINE_ROW_WORDS, LineKind, LineRow, TABLE, TABLE_LINES } from "../engine.js";
import { hashBytes } from "../hash-key.js";
import { isOutside, type Memory } from "../memory.js";
import { readNumber } from "./read-number.js";
import { tableResult } from "./table-result.js";

const T = TABLE >> 2;
const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const FOUR_SPACES = 0x20202020;

/** {@link Engine.splitLines} */
export function splitLines(memory: Memory, start: number, length: number, final: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const { bytes, words, view } = memory;
  const end = start + length;
  let at = start;
  let rows = 0;
  while (at < end && rows < TABLE_LINES) {
    let colon = at;
    let byte = 0;
    while (colon < end) {
      byte = bytes[colon] as number;
      if (byte === COLON || byte === NEWLINE) break;
      colon++;
    }
    let value = colon;
    if (byte === COLON) {
      value++;
      while (value + 4 <= end && view.getInt32(value, true) === FOUR_SPACES) value += 4;
      while (value < end && isBlank(bytes[value] as number)) value++;
    }
    let newline = value;
    while (newline < end && bytes[newline] !== NEWLINE) newline++;
    if (newline === end && final === 0) break;

    const lineEnd = newline > at && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
    const row = T + LINE_ROW_WORDS * rows++;
    words[row + LineRow.Start] = at;
    words[row + LineRow.End] = lineEnd;
    if (colon < lineEnd) {
      words[row + LineRow.KeyEnd] = colon;
      words[row + LineRow.ValueStart] = value;
      words[row + LineRow.KeyHash] = hashBytes(view, at, colon - at);
      words[row + LineRow.Kind] = readNumber(memory, value, lineEnd, (row + LineRow.Number) >> 1);
    } else {
      words[row + LineRow.KeyEnd] = lineEnd;
      words[row + LineRow.ValueStart] = lineEnd;
      words[row + LineRow.KeyHash] = hashBytes(view, at, lineEnd - at);
      words[row + LineRow.Kind] = LineKind.Bare;
      words[row + LineRow.Number] = 0;
      words[row + LineRow.Number + 1] = 0;
    }
    at = newline + 1;
  }
  tableResult(words, (at < end ? at : end) - start, 0, 0, 0);
  return rows;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
