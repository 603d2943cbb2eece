import * as map from "./memory";
import {
  contentLengthOf,
  gatherHeader,
  HEADER_LENGTH,
  joinedEnd,
  joinedRecords,
  joinRecords,
  loadHeader,
  paddingLengthOf,
  requestIdOf,
  storeProgress,
  typeOf,
  versionOf,
} from "./record";

const BODY_LENGTH: i32 = 8;
const BEGIN_REQUEST: i32 = 1;
const END_REQUEST: i32 = 3;
const PARAMS: i32 = 4;
const STDOUT: i32 = 6;
const STDERR: i32 = 7;
const DATA: i32 = 8;

/** Keeps bytes of END_REQUEST's content, which has eight. */
function keepEnd(at: usize, length: i32): void {
  const seen = map.getState(map.DEMULTIPLEX_STATE_END_LENGTH);
  memory.copy(map.STATE + (map.DEMULTIPLEX_STATE_END_LOW << 2) + seen, at, length);
  map.setState(map.DEMULTIPLEX_STATE_END_LENGTH, seen + length);
}

export function demultiplex(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  const requestId = map.getState(map.DEMULTIPLEX_STATE_REQUEST_ID);
  let headerLength = map.getState(map.DEMULTIPLEX_STATE_HEADER_LENGTH);
  let header = loadHeader();
  let content = map.getState(map.DEMULTIPLEX_STATE_CONTENT_REMAINING);
  let padding = map.getState(map.DEMULTIPLEX_STATE_PADDING_REMAINING);
  let ended = map.getState(map.DEMULTIPLEX_STATE_ENDED);

  let at = start;
  let records = 0;
  let stdoutStart = start;
  let stdoutLength = 0;
  let stderrLength = 0;
  let otherRequests = 0;
  let otherTypes = 0;
  let error = 0;
  let errorOffset = 0;

  /** The first half of the header that most records have, so that one comparison recognises them. */
  const usual = 1 | (STDOUT << 8) | ((<i32>bswap<u16>(<u16>requestId)) << 16);

  while (!ended) {
    if (stdoutLength && !headerLength) {
      at = joinRecords(at, end, usual, stdoutStart + stdoutLength, 0);
      stdoutLength = joinedEnd - stdoutStart;
      records += joinedRecords;
    }
    if (headerLength < HEADER_LENGTH) {
      if (!headerLength && at + HEADER_LENGTH <= end) {
        header = load<u64>(at);
        at += HEADER_LENGTH;
        headerLength = HEADER_LENGTH;
      } else {
        const taken = min(HEADER_LENGTH - headerLength, end - at);
        header = gatherHeader(headerLength, at, taken);
        headerLength += taken;
        at += taken;
        if (headerLength < HEADER_LENGTH) break;
      }
      const type = typeOf(header);
      if (versionOf(header) !== 1) error = map.ENGINE_ERROR_VERSION;
      else if (requestIdOf(header) !== requestId) otherRequests++;
      else if (type === END_REQUEST) {
        if (contentLengthOf(header) !== BODY_LENGTH) error = map.ENGINE_ERROR_BODY_LENGTH;
      } else if (type !== STDOUT && type !== STDERR) otherTypes++;
      if (error) {
        errorOffset = at - HEADER_LENGTH - start;
        break;
      }
      content = contentLengthOf(header);
      padding = paddingLengthOf(header);
    }

    const isOurs = requestIdOf(header) === requestId;
    if (content > 0) {
      const taken = min(content, end - at);
      if (!taken) break;
      if (isOurs) {
        const type = typeOf(header);
        if (type === STDOUT) {
          if (!stdoutLength) stdoutStart = at;
          else memory.copy(stdoutStart + stdoutLength, at, taken);
          stdoutLength += taken;
        } else if (type === STDERR) {
          memory.copy(map.ASIDE + stderrLength, at, taken);
          stderrLength += taken;
        } else if (type === END_REQUEST) {
          keepEnd(at, taken);
        }
      }
      at += taken;
      content -= taken;
      if (content > 0) break;
    }
    if (padding > 0) {
      const taken = min(padding, end - at);
      at += taken;
      padding -= taken;
      if (padding > 0) break;
    }
    records++;
    if (isOurs && typeOf(header) === END_REQUEST) ended = 1;
    headerLength = 0;
    header = 0;
  }

  storeProgress(headerLength, header, content, padding);
  map.setState(map.DEMULTIPLEX_STATE_ENDED, ended);
  map.setResult(map.DEMULTIPLEX_RESULT_STDOUT_START, stdoutStart);
  map.setResult(map.DEMULTIPLEX_RESULT_STDOUT_LENGTH, stdoutLength);
  map.setResult(map.DEMULTIPLEX_RESULT_STDERR_LENGTH, stderrLength);
  map.setResult(map.DEMULTIPLEX_RESULT_CONSUMED, at - start);
  map.setResult(map.DEMULTIPLEX_RESULT_ENDED, ended);
  const appStatus = bswap<i32>(map.getState(map.DEMULTIPLEX_STATE_END_LOW));
  map.setResult(map.DEMULTIPLEX_RESULT_APP_STATUS, ended ? appStatus : 0);
  const protocolStatus = map.getState(map.DEMULTIPLEX_STATE_END_HIGH) & 0xff;
  map.setResult(map.DEMULTIPLEX_RESULT_PROTOCOL_STATUS, ended ? protocolStatus : 0);
  map.setResult(map.DEMULTIPLEX_RESULT_OTHER_REQUESTS, otherRequests);
  map.setResult(map.DEMULTIPLEX_RESULT_OTHER_TYPES, otherTypes);
  map.setResult(map.DEMULTIPLEX_RESULT_ERROR_OFFSET, errorOffset);
  return error ? error : records;
}

export function demultiplexConnection(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  let headerLength = map.getState(map.DEMULTIPLEX_STATE_HEADER_LENGTH);
  let header = loadHeader();
  let content = map.getState(map.DEMULTIPLEX_STATE_CONTENT_REMAINING);
  let padding = map.getState(map.DEMULTIPLEX_STATE_PADDING_REMAINING);

  let at = start;
  let records = 0;
  /** A window of records never fills the table: a row takes 8 bytes of it. */
  let rows = 0;
  /** Type and request id of the row that the next record may extend; -1 matches no record. */
  let run = -1;
  let error = 0;
  let errorOffset = 0;

  for (;;) {
    if (headerLength < HEADER_LENGTH) {
      if (!headerLength && at + HEADER_LENGTH <= end) {
        header = load<u64>(at);
        at += HEADER_LENGTH;
        headerLength = HEADER_LENGTH;
      } else {
        const taken = min(HEADER_LENGTH - headerLength, end - at);
        header = gatherHeader(headerLength, at, taken);
        headerLength += taken;
        at += taken;
        if (headerLength < HEADER_LENGTH) break;
      }
      const type = typeOf(header);
      content = contentLengthOf(header);
      if (versionOf(header) !== 1) error = map.ENGINE_ERROR_VERSION;
      else if ((type === BEGIN_REQUEST || type === END_REQUEST) && content !== BODY_LENGTH) {
        error = map.ENGINE_ERROR_BODY_LENGTH;
      }
      if (error) {
        errorOffset = at - HEADER_LENGTH - start;
        content = 0;
        break;
      }
      padding = paddingLengthOf(header);
      if (!content) {
        const flags = map.RECORD_FLAG_BEGINS | map.RECORD_FLAG_ENDS;
        map.setRow(rows++, requestIdOf(header), type | (flags << 8), at, 0);
        run = -1;
      }
    }

    if (content > 0) {
      const taken = min(content, end - at);
      if (!taken) break;
      const type = typeOf(header);
      const ends = content === taken ? map.RECORD_FLAG_ENDS << 8 : 0;
      if (run === <i32>(<u32>header >> 8)) {
        extend(rows - 1, ends, at, taken);
      } else {
        const begins = content === contentLengthOf(header) ? map.RECORD_FLAG_BEGINS << 8 : 0;
        map.setRow(rows++, requestIdOf(header), type | begins | ends, at, taken);
        run = type >= PARAMS && type <= DATA ? <i32>(<u32>header >> 8) : -1;
      }
      at += taken;
      content -= taken;
      if (content > 0) break;
    }
    if (padding > 0) {
      const taken = min(padding, end - at);
      at += taken;
      padding -= taken;
      if (padding > 0) break;
    }
    records++;
    if (run >= 0) {
      const row = map.TABLE + <usize>(rows - 1) * map.ROW_BYTES;
      const rowStart = load<i32>(row, 8);
      at = joinRecords(at, end, <i32>header, rowStart + load<i32>(row, 12), 1);
      store<i32>(row, joinedEnd - rowStart, 12);
      records += joinedRecords;
    }
    headerLength = 0;
    header = 0;
  }

  storeProgress(headerLength, header, content, padding);
  map.setTableResult(at - start, 0, records, errorOffset);
  return error ? error : rows;
}

/** Appends content to a row. */
function extend(index: i32, ends: i32, at: i32, length: i32): void {
  const row = map.TABLE + <usize>index * map.ROW_BYTES;
  const rowStart = load<i32>(row, 8);
  const rowLength = load<i32>(row, 12);
  memory.copy(rowStart + rowLength, at, length);
  store<i32>(row, (load<i32>(row, 4) & ~(map.RECORD_FLAG_ENDS << 8)) | ends, 4);
  store<i32>(row, rowLength + length, 12);
}
