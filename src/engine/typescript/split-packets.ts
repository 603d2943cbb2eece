import {
  EngineError,
  FrameFlag,
  FrameRow,
  ROW_WORDS,
  STATE,
  PacketState as State,
  TABLE,
  TABLE_ROWS,
} from "../engine.js";
import { isOutside, type Memory } from "../memory.js";
import { tableResult } from "./table-result.js";

const S = STATE >> 2;
const T = TABLE >> 2;
const HEADER_LENGTH = 4;

/** {@link Engine.splitPackets} */
export function splitPackets(
  { bytes, words }: Memory,
  start: number,
  length: number,
  most: number,
): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let headerLength = words[S + State.HeaderLength]!;
  let header = words[S + State.Header]!;
  let remaining = words[S + State.Remaining]!;

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
    const row = T + ROW_WORDS * rows++;
    words[row + FrameRow.Start] = at;
    words[row + FrameRow.Length] = taken;
    words[row + FrameRow.Flags] =
      (remaining === size ? FrameFlag.Begins : 0) | (remaining === taken ? FrameFlag.Ends : 0);
    words[row + FrameRow.Head] = header;
    at += taken;
    remaining -= taken;
    if (remaining > 0) break;
    complete++;
    headerLength = header = 0;
  }

  words[S + State.HeaderLength] = headerLength;
  words[S + State.Header] = header;
  words[S + State.Remaining] = remaining;
  tableResult(words, at - start, 0, complete, 0);
  return rows;
}
