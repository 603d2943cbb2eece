import {
  ASIDE,
  EngineError,
  isOutside,
  type Memory,
  DemultiplexResult as Result,
  DemultiplexState as State,
} from "../memory.js";
import {
  BODY_LENGTH,
  contentLengthOf,
  copyDown,
  END_REQUEST,
  HEADER_LENGTH,
  paddingLengthOf,
  requestIdOf,
  STDERR,
  STDOUT,
  swap,
  typeOf,
  versionOf,
} from "./record.js";

/** {@link Engine.demultiplex} */
export function demultiplex(memory: Memory, start: number, length: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const { bytes, state, results, view } = memory;
  const end = start + length;
  const requestId = state[State.RequestId]!;
  let headerLength = state[State.HeaderLength]!;
  let low = state[State.HeaderLow]!;
  let high = state[State.HeaderHigh]!;
  let content = state[State.ContentRemaining]!;
  let padding = state[State.PaddingRemaining]!;
  let ended = state[State.Ended]!;

  let at = start;
  let records = 0;
  let stdoutStart = start;
  let stdoutLength = 0;
  let stderrLength = 0;
  let otherRequests = 0;
  let otherTypes = 0;
  let error = 0;
  let errorOffset = 0;

  while (ended === 0) {
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
      if (versionOf(low) !== 1) error = EngineError.Version;
      else if (requestIdOf(low) !== requestId) otherRequests++;
      else if (typeOf(low) === END_REQUEST) {
        if (contentLengthOf(high) !== BODY_LENGTH) error = EngineError.BodyLength;
      } else if (typeOf(low) !== STDOUT && typeOf(low) !== STDERR) otherTypes++;
      if (error !== 0) {
        errorOffset = at - HEADER_LENGTH - start;
        break;
      }
      content = contentLengthOf(high);
      padding = paddingLengthOf(high);
    }

    const isOurs = requestIdOf(low) === requestId;
    if (content > 0) {
      const taken = content < end - at ? content : end - at;
      if (taken === 0) break;
      if (isOurs) {
        const type = typeOf(low);
        if (type === STDOUT) {
          if (stdoutLength === 0) stdoutStart = at;
          else copyDown(memory, stdoutStart + stdoutLength, at, taken);
          stdoutLength += taken;
        } else if (type === STDERR) {
          copyDown(memory, ASIDE + stderrLength, at, taken);
          stderrLength += taken;
        } else if (type === END_REQUEST) {
          keepEnd(memory, at, taken);
        }
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
    if (isOurs && typeOf(low) === END_REQUEST) ended = 1;
    headerLength = low = high = 0;
  }

  state[State.HeaderLength] = headerLength;
  state[State.HeaderLow] = low;
  state[State.HeaderHigh] = high;
  state[State.ContentRemaining] = content;
  state[State.PaddingRemaining] = padding;
  state[State.Ended] = ended;
  results[Result.StdoutStart] = stdoutStart;
  results[Result.StdoutLength] = stdoutLength;
  results[Result.StderrLength] = stderrLength;
  results[Result.Consumed] = at - start;
  results[Result.Ended] = ended;
  results[Result.AppStatus] = ended === 0 ? 0 : swap(state[State.EndLow]!);
  results[Result.ProtocolStatus] = ended === 0 ? 0 : state[State.EndHigh]! & 0xff;
  results[Result.OtherRequests] = otherRequests;
  results[Result.OtherTypes] = otherTypes;
  results[Result.ErrorOffset] = errorOffset;
  return error !== 0 ? error : records;
}

/** Keeps bytes of END_REQUEST's content, of which there are eight. */
function keepEnd({ bytes, state }: Memory, at: number, length: number): void {
  let seen = state[State.EndLength]!;
  for (let index = 0; index < length; index++, seen++) {
    const word = (seen & 4) === 0 ? State.EndLow : State.EndHigh;
    state[word] = state[word]! | (bytes[at + index]! << ((seen & 3) << 3));
  }
  state[State.EndLength] = seen;
}
