import {
  EngineError,
  isOutside,
  type Memory,
  PairRow,
  ROW_WORDS,
  setTableResult,
  TABLE_ROWS,
} from "../memory.js";

/** {@link Engine.splitVariables} */
export function splitVariables(
  { bytes, results, table }: Memory,
  start: number,
  length: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let at = start;
  let rows = 0;
  let needed = 0;
  while (at + 2 <= end && rows < TABLE_ROWS) {
    const nameLength = bytes[at]! | (bytes[at + 1]! << 8);
    const valueAt = at + 2 + nameLength;
    if (valueAt + 2 > end) break;
    const valueLength = bytes[valueAt]! | (bytes[valueAt + 1]! << 8);
    const next = valueAt + 2 + valueLength;
    if (next > end) {
      needed = next - at;
      break;
    }
    const row = ROW_WORDS * rows++;
    table[row + PairRow.NameStart] = at + 2;
    table[row + PairRow.NameLength] = nameLength;
    table[row + PairRow.ValueStart] = valueAt + 2;
    table[row + PairRow.ValueLength] = valueLength;
    at = next;
  }
  setTableResult(results, at - start, needed, 0, 0);
  return rows;
}
