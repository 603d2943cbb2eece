import {
  EngineError,
  isOutside,
  type Memory,
  PairRow,
  ROW_WORDS,
  setTableResult,
  TABLE_ROWS,
} from "../memory.js";

/** {@link Engine.splitHeaders} */
export function splitHeaders(
  { bytes, results, table }: Memory,
  start: number,
  length: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let at = start;
  let rows = 0;
  while (at < end && rows < TABLE_ROWS) {
    let nameEnd = at;
    while (nameEnd < end && bytes[nameEnd] !== 0) nameEnd++;
    if (nameEnd === at) {
      setTableResult(results, at - start, 0, 0, at - start);
      return EngineError.EmptyName;
    }
    let valueEnd = nameEnd + 1;
    while (valueEnd < end && bytes[valueEnd] !== 0) valueEnd++;
    if (valueEnd >= end) break;
    const row = ROW_WORDS * rows++;
    table[row + PairRow.NameStart] = at;
    table[row + PairRow.NameLength] = nameEnd - at;
    table[row + PairRow.ValueStart] = nameEnd + 1;
    table[row + PairRow.ValueLength] = valueEnd - nameEnd - 1;
    at = valueEnd + 1;
  }
  setTableResult(results, at - start, 0, 0, 0);
  return rows;
}
