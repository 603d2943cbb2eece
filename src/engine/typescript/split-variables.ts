import { EngineError, PairRow, ROW_WORDS, TABLE, TABLE_ROWS } from "../engine.js";
import { isOutside, type Memory } from "../memory.js";
import { tableResult } from "./table-result.js";

const T = TABLE >> 2;

/** {@link Engine.splitVariables} */
export function splitVariables({ bytes, words }: Memory, start: number, length: number): number {
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
    const row = T + ROW_WORDS * rows++;
    words[row + PairRow.NameStart] = at + 2;
    words[row + PairRow.NameLength] = nameLength;
    words[row + PairRow.ValueStart] = valueAt + 2;
    words[row + PairRow.ValueLength] = valueLength;
    at = next;
  }
  tableResult(words, at - start, needed, 0, 0);
  return rows;
}
