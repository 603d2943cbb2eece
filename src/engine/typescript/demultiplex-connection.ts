import {
  EngineError,
  isOutside,
  type Memory,
  RecordFlag,
  RecordRow,
  ROW_WORDS,
  DemultiplexState as State,
  setTableResult,
} from "../memory.js";
import {
  BEGIN_REQUEST,
  BODY_LENGTH,
  contentLengthOf,
  copyDown,
  DATA,
  END_REQUEST,
  HEADER_LENGTH,
  PARAMS,
  paddingLengthOf,
  requestIdOf,
  typeOf,
  versionOf,
} from "./record.js";

const ENDS = RecordFlag.Ends << 8;

/** {@link Engine.demultiplexConnection} */
export function demultiplexConnection(memory: Memory, start: number, length: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const { bytes, state, results, table, view } = memory;
  const end = start + length;
  let headerLength = state[State.HeaderLength]!;
  let low = state[State.HeaderLow]!;
  let high = state[State.HeaderHigh]!;
  let content = state[State.ContentRemaining]!;
  let padding = state[State.PaddingRemaining]!;

  let at = start;
  let records = 0;
  let rows = 0;
  /** Type and request id of the row that the next record may extend; -1 matches no record. */
  let run = -1;
  let error = 0;
  let errorOffset = 0;

  for (;;) {
    if (headerLength < HEADER_LENGTH) {
      if (headerLength === 0 && at + HEADER_LENGTH <= end) {
        low = view.getInt32(at, true);
        high = view.getInt32(at + 4, true);
        at += HEADER_LENGTH;
        headerLength = HEADER_LENGTH;
      } else {
        while (headerLength < HEADER_LENGTH && at < end) {
          const byte = bytes[at++]! << ((headerLength & 3) << 3);
          if (headerLength < 4) low |= byte;
          else high |= byte;
          headerLength++;
        }
        if (headerLength < HEADER_LENGTH) break;
      }
      const type = typeOf(low);
      content = contentLengthOf(high);
      if (versionOf(low) !== 1) error = EngineError.Version;
      else if ((type === BEGIN_REQUEST || type === END_REQUEST) && content !== BODY_LENGTH) {
        error = EngineError.BodyLength;
      }
      if (error !== 0) {
        errorOffset = at - HEADER_LENGTH - start;
        content = 0;
        break;
      }
      padding = paddingLengthOf(high);
      if (content === 0) {
        const row = ROW_WORDS * rows++;
        table[row + RecordRow.RequestId] = requestIdOf(low);
        table[row + RecordRow.Type] = type | ((RecordFlag.Begins | RecordFlag.Ends) << 8);
        table[row + RecordRow.Start] = at;
        table[row + RecordRow.Length] = 0;
        run = -1;
      }
    }

    if (content > 0) {
      const taken = content < end - at ? content : end - at;
      if (taken === 0) break;
      const begins = content === contentLengthOf(high) ? RecordFlag.Begins << 8 : 0;
      const ends = content === taken ? ENDS : 0;
      if (run === low >>> 8) {
        const row = ROW_WORDS * (rows - 1);
        const length = table[row + RecordRow.Length]!;
        copyDown(memory, table[row + RecordRow.Start]! + length, at, taken);
        table[row + RecordRow.Type] = (table[row + RecordRow.Type]! & ~ENDS) | ends;
        table[row + RecordRow.Length] = length + taken;
      } else {
        const type = typeOf(low);
        const row = ROW_WORDS * rows++;
        table[row + RecordRow.RequestId] = requestIdOf(low);
        table[row + RecordRow.Type] = type | begins | ends;
        table[row + RecordRow.Start] = at;
        table[row + RecordRow.Length] = taken;
        run = type >= PARAMS && type <= DATA ? low >>> 8 : -1;
      }
      at += taken;
      content -= taken;
      if (content > 0) break;
    }
    if (padding > 0) {
      const taken = padding < end - at ? padding : end - at;
      at += taken;
      padding -= taken;
      if (padding > 0) break;
    }
    records++;
    headerLength = low = high = 0;
  }

  state[State.HeaderLength] = headerLength;
  state[State.HeaderLow] = low;
  state[State.HeaderHigh] = high;
  state[State.ContentRemaining] = content;
  state[State.PaddingRemaining] = padding;
  setTableResult(results, at - start, 0, records, errorOffset);
  return error !== 0 ? error : rows;
}
