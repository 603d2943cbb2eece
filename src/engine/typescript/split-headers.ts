import { EngineError, PairRow, ROW_WORDS, TABLE, TABLE_ROWS } from "../engine.js";
import { isOutside, type Memory } from "../memory.js";
import { tableResult } from "./table-result.js";

const T = TABLE >> 2;

/** {@link Engine.splitHeaders} */
export function splitHeaders({ bytes, words }: Memory, start: number, length: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let at = start;
  let rows = 0;
  while (at < end && rows < TABLE_ROWS) {
    let nameEnd = at;
    while (nameEnd < end && bytes[nameEnd] !== 0) nameEnd++;
    if (nameEnd === at) {
      tableResult(words, at - start, 0, 0, at - start);
      return EngineError.EmptyName;
    }
    let valueEnd = nameEnd + 1;
    while (valueEnd < end && bytes[valueEnd] !== 0) valueEnd++;
    if (valueEnd >= end) break;
    const row = T + ROW_WORDS * rows++;
    words[row + PairRow.NameStart] = at;
    words[row + PairRow.NameLength] = nameEnd - at;
    words[row + PairRow.ValueStart] = nameEnd + 1;
    words[row + PairRow.ValueLength] = valueEnd - nameEnd - 1;
    at = valueEnd + 1;
  }
  tableResult(words, at - start, 0, 0, 0);
  return rows;
}
