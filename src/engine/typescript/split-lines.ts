import {
  EngineError,
  LINE_KEYS,
  LINE_VALUES,
  LineKey,
  LineKind,
  LineValue,
  ROW_WORDS,
  TABLE_LINES,
} from "../engine.js";
import { hashBytes } from "../hash-key.js";
import { isOutside, type Memory } from "../memory.js";
import { readValue } from "./read-value.js";
import { tableResult } from "./table-result.js";

const VALUES = LINE_VALUES >> 2;
const KEYS = LINE_KEYS >> 2;
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
    const valueRow = VALUES + row;
    const keyRow = KEYS + row;
    words[valueRow + LineValue.End] = lineEnd;
    words[keyRow + LineKey.Start] = at;
    if (colon < lineEnd) {
      const slot = (valueRow + LineValue.Number) >> 1;
      words[valueRow + LineValue.Start] = value;
      words[keyRow + LineKey.End] = colon;
      words[keyRow + LineKey.Hash] = hashBytes(view, at, colon - at);
      words[keyRow + LineKey.Kind] = readValue(memory, value, lineEnd, slot);
    } else {
      words[valueRow + LineValue.Number] = 0;
      words[valueRow + LineValue.Number + 1] = 0;
      words[valueRow + LineValue.Start] = lineEnd;
      words[keyRow + LineKey.End] = lineEnd;
      words[keyRow + LineKey.Hash] = hashBytes(view, at, lineEnd - at);
      words[keyRow + LineKey.Kind] = LineKind.Bare;
    }
    at = newline + 1;
  }
  tableResult(words, (at < end ? at : end) - start, 0, 0, 0);
  return rows;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
