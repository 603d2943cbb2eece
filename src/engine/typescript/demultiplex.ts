import {
  ASIDE,
  EngineError,
  RESULT,
  DemultiplexResult as Result,
  STATE,
  DemultiplexState as State,
} from "../engine.js";
import { isOutside, type Memory } from "../memory.js";
import { copyDown } from "./copy.js";
import {
  BODY_LENGTH,
  contentLengthOf,
  END_REQUEST,
  HEADER_LENGTH,
  paddingLengthOf,
  requestIdOf,
  STDERR,
  STDOUT,
  swap,
  typeOf,
  versionOf,
} from "./record-header.js";

const S = STATE >> 2;
const R = RESULT >> 2;

/** {@link Engine.demultiplex} */
export function demultiplex(memory: Memory, start: number, length: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const { bytes, words, view } = memory;
  const end = start + length;
  const requestId = words[S + State.RequestId]!;
  let headerLength = words[S + State.HeaderLength]!;
  let low = words[S + State.HeaderLow]!;
  let high = words[S + State.HeaderHigh]!;
  let content = words[S + State.ContentRemaining]!;
  let padding = words[S + State.PaddingRemaining]!;
  let ended = words[S + State.Ended]!;

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

  words[S + State.HeaderLength] = headerLength;
  words[S + State.HeaderLow] = low;
  words[S + State.HeaderHigh] = high;
  words[S + State.ContentRemaining] = content;
  words[S + State.PaddingRemaining] = padding;
  words[S + State.Ended] = ended;
  words[R + Result.StdoutStart] = stdoutStart;
  words[R + Result.StdoutLength] = stdoutLength;
  words[R + Result.StderrLength] = stderrLength;
  words[R + Result.Consumed] = at - start;
  words[R + Result.Ended] = ended;
  words[R + Result.AppStatus] = ended === 0 ? 0 : swap(words[S + State.EndLow]!);
  words[R + Result.ProtocolStatus] = ended === 0 ? 0 : words[S + State.EndHigh]! & 0xff;
  words[R + Result.OtherRequests] = otherRequests;
  words[R + Result.OtherTypes] = otherTypes;
  words[R + Result.ErrorOffset] = errorOffset;
  return error !== 0 ? error : records;
}

/** Keeps bytes of END_REQUEST's content, of which there are eight. */
function keepEnd({ bytes, words }: Memory, at: number, length: number): void {
  let seen = words[S + State.EndLength]!;
  for (let index = 0; index < length; index++, seen++) {
    const word = S + ((seen & 4) === 0 ? State.EndLow : State.EndHigh);
    words[word] = words[word]! | (bytes[at + index]! << ((seen & 3) << 3));
  }
  words[S + State.EndLength] = seen;
}
