import {
  EngineError,
  FrameFlag,
  FrameRow,
  isOutside,
  type Memory,
  ROW_WORDS,
  PacketState as State,
  setTableResult,
  TABLE_ROWS,
} from "../memory.js";

const HEADER_LENGTH = 4;

/** {@link Engine.splitPackets} */
export function splitPackets(
  { bytes, state, results, table }: Memory,
  start: number,
  length: number,
  most: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let headerLength = state[State.HeaderLength]!;
  let header = state[State.Header]!;
  let remaining = state[State.Remaining]!;

  let at = start;
  let rows = 0;
  let complete = 0;
  while (at < end && complete < most) {
    if (headerLength < HEADER_LENGTH) {
      if (headerLength === 0 && rows === TABLE_ROWS) break;
      header |= bytes[at++]! << (headerLength++ << 3);
      if (headerLength < HEADER_LENGTH) continue;
      remaining = (header >>> 8) & 0xffff;
      if (remaining > 0) continue;
    }
    const size = (header >>> 8) & 0xffff;
    const taken = remaining < end - at ? remaining : end - at;
    const row = ROW_WORDS * rows++;
    table[row + FrameRow.Start] = at;
    table[row + FrameRow.Length] = taken;
    table[row + FrameRow.Flags] =
      (remaining === size ? FrameFlag.Begins : 0) | (remaining === taken ? FrameFlag.Ends : 0);
    table[row + FrameRow.Head] = header;
    at += taken;
    remaining -= taken;
    if (remaining > 0) break;
    complete++;
    headerLength = header = 0;
  }

  state[State.HeaderLength] = headerLength;
  state[State.Header] = header;
  state[State.Remaining] = remaining;
  setTableResult(results, at - start, 0, complete, 0);
  return rows;
}
