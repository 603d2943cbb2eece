import {
  EngineError,
  isOutside,
  type Memory,
  PairRow,
  ROW_WORDS,
  setTableResult,
  TABLE_ROWS,
} from "../memory.js";

/** {@link Engine.splitPairs} */
export function splitPairs(
  { bytes, results, table }: Memory,
  start: number,
  length: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let at = start;
  let rows = 0;
  let needed = 0;
  while (at < end && rows < TABLE_ROWS) {
    let next = at;
    let nameLength = bytes[next++]!;
    if (nameLength > 127) {
      if (next + 3 > end) break;
      nameLength = longLength(bytes, nameLength, next);
      next += 3;
    }
    if (next >= end) break;
    let valueLength = bytes[next++]!;
    if (valueLength > 127) {
      if (next + 3 > end) break;
      valueLength = longLength(bytes, valueLength, next);
      next += 3;
    }
    const size = next - at + nameLength + valueLength;
    if (size > 0xffff_ffff) {
      setTableResult(results, at - start, 0, 0, at - start);
      return EngineError.Overflow;
    }
    if (size > end - at) {
      needed = size;
      break;
    }
    const row = ROW_WORDS * rows++;
    table[row + PairRow.NameStart] = next;
    table[row + PairRow.NameLength] = nameLength;
    table[row + PairRow.ValueStart] = next + nameLength;
    table[row + PairRow.ValueLength] = valueLength;
    at += size;
  }
  setTableResult(results, at - start, needed, 0, 0);
  return rows;
}

/** Returns a length of 31 bits whose first byte has been read. */
function longLength(bytes: Uint8Array, first: number, at: number): number {
  return ((first & 0x7f) << 24) | (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
