import { ByteCollector, checkBytes, concat, isAsciiText, utf8Bytes } from "../bytes.js";
import { checkVariablesSize, type Variable, type VariableValue } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import {
  MAX_SENT_LENGTH,
  NULL_REQUEST_ID,
  type ProtocolStatus,
  RECORD_HEADER_LENGTH,
  RecordType,
  type Role,
  VERSION,
} from "./protocol.js";

/** Bytes of a BEGIN_REQUEST's content, and of an END_REQUEST's. */
const BODY_LENGTH = 8;

/** Bytes of padding after a content, so that the next record starts at a multiple of 8. */
export function paddingFor(contentLength: number): number {
  return -contentLength & 7;
}

/**
 * Writes a record header into `target` (FastCGI 1.0 §3.3).
 *
 * @throws RangeError for an id that two bytes do not hold: the record would be another request's
 */
function writeHeader(
  target: Uint8Array,
  offset: number,
  type: number,
  requestId: number,
  contentLength: number,
): void {
  if (requestId !== (requestId & 0xffff)) {
    throw new RangeError(`requestId is ${String(requestId)}, not a whole number from 0 to 65535`);
  }
  target[offset] = VERSION;
  target[offset + 1] = type;
  target[offset + 2] = requestId >>> 8;
  target[offset + 3] = requestId;
  target[offset + 4] = contentLength >>> 8;
  target[offset + 5] = contentLength;
  target[offset + 6] = paddingFor(contentLength);
  target[offset + 7] = 0;
}

/**
 * One record with its padding.
 *
 * @throws RangeError when `content` is longer than {@link MAX_SENT_LENGTH}, 65,528 bytes: with a
 * longer one, content and padding pass 65,535, which php-fpm refuses; for a `requestId` that two
 * bytes do not hold
 * @throws TypeError when `content` is not a Uint8Array
 */
export function encodeRecord(type: number, requestId: number, content: Uint8Array): Uint8Array {
  checkBytes("content", content);
  if (content.length > MAX_SENT_LENGTH) {
    throw new RangeError(
      `a record carries at most ${MAX_SENT_LENGTH} bytes, not ${content.length}`,
    );
  }
  const record = new Uint8Array(RECORD_HEADER_LENGTH + content.length + paddingFor(content.length));
  writeHeader(record, 0, type, requestId, content.length);
  record.set(content, RECORD_HEADER_LENGTH);
  return record;
}

/** BEGIN_REQUEST (FastCGI 1.0 §5.1). `flags` is 0 or `KEEP_CONN`. */
export function encodeBeginRequest(requestId: number, role: Role, flags = 0): Uint8Array {
  return encodeRecord(
    RecordType.BeginRequest,
    requestId,
    Uint8Array.of(role >>> 8, role, flags, 0, 0, 0, 0, 0),
  );
}

/** ABORT_REQUEST (FastCGI 1.0 §5.4). */
export function encodeAbortRequest(requestId: number): Uint8Array {
  return endOfStream(RecordType.AbortRequest, requestId);
}

/** END_REQUEST (FastCGI 1.0 §5.5). `appStatus` is unsigned, 32 bits. */
export function encodeEndRequest(
  requestId: number,
  appStatus: number,
  protocolStatus: ProtocolStatus,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_LENGTH + BODY_LENGTH);
  writeHeader(record, 0, RecordType.EndRequest, requestId, BODY_LENGTH);
  record[8] = appStatus >>> 24;
  record[9] = appStatus >>> 16;
  record[10] = appStatus >>> 8;
  record[11] = appStatus;
  record[12] = protocolStatus;
  return record;
}

/**
 * GET_VALUES, which asks an application for values by their names (FastCGI 1.0 §4.1).
 *
 * @throws RangeError when the names do not fit in one record
 */
export function encodeGetValues(names: readonly string[]): Uint8Array {
  const pairs = encodePairs(names.map((name) => [name, ""] as const));
  return encodeRecord(RecordType.GetValues, NULL_REQUEST_ID, pairs);
}

/**
 * GET_VALUES_RESULT, the answer to GET_VALUES (FastCGI 1.0 §4.1). Names that the application does
 * not know are left out.
 *
 * @throws RangeError when the values do not fit in one record
 */
export function encodeGetValuesResult(values: Iterable<Variable>): Uint8Array {
  return encodeRecord(RecordType.GetValuesResult, NULL_REQUEST_ID, encodePairs(values));
}

/** UNKNOWN_TYPE, the answer to a management record of an unknown type (FastCGI 1.0 §4.2). */
export function encodeUnknownType(type: number): Uint8Array {
  return encodeRecord(
    RecordType.UnknownType,
    NULL_REQUEST_ID,
    Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0),
  );
}

/** The empty record that ends a stream: PARAMS, STDIN, STDOUT, STDERR or DATA. */
export function endOfStream(type: number, requestId: number): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_LENGTH);
  writeHeader(record, 0, type, requestId, 0);
  return record;
}

/**
 * A content of up to this many bytes is copied into one array with its header: V8 keeps arrays of
 * up to 64 bytes inside the object.
 */
const SHORT_LENGTH = 56;

/**
 * A piece of a stream (STDIN, STDOUT, STDERR or DATA) as records of at most
 * {@link MAX_SENT_LENGTH} bytes. The parts are to be written in order: a short record is one part;
 * a longer one is its header, its content, which is not copied, and its padding. There are no parts
 * for no bytes, because an empty record would end the stream: {@link endOfStream} does.
 */
export function streamRecords(type: number, requestId: number, bytes: Uint8Array): Uint8Array[] {
  checkBytes("bytes", bytes);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += MAX_SENT_LENGTH) {
    const content = bytes.subarray(offset, offset + MAX_SENT_LENGTH);
    if (content.length <= SHORT_LENGTH) parts.push(encodeRecord(type, requestId, content));
    else pushLong(parts, type, requestId, content);
  }
  return parts;
}

function pushLong(parts: Uint8Array[], type: number, requestId: number, content: Uint8Array): void {
  const header = new Uint8Array(RECORD_HEADER_LENGTH);
  writeHeader(header, 0, type, requestId, content.length);
  parts.push(header, content);
  const padding = paddingFor(content.length);
  if (padding > 0) parts.push(new Uint8Array(padding));
}

/** Adds a name-value pair (FastCGI 1.0 §3.4): strings become UTF-8. */
function pushPair(pairs: ByteCollector, [name, value]: Variable): void {
  pushLength(pairs, lengthOf(name));
  pushLength(pairs, lengthOf(value));
  pairs.pushText(name);
  if (typeof value === "string") pairs.pushText(value);
  else pairs.push(value);
}

/** How many bytes a name or a value has. */
function lengthOf(value: VariableValue): number {
  return typeof value !== "string" || isAsciiText(value) ? value.length : utf8Bytes(value).length;
}

/** Lengths up to 127 take one byte, longer ones four with the top bit set. */
function pushLength(pairs: ByteCollector, length: number): void {
  if (length > 127) {
    pairs.pushByte((length >>> 24) | 0x80);
    pairs.pushByte(length >>> 16);
    pairs.pushByte(length >>> 8);
  }
  pairs.pushByte(length);
}

/** The name-value pairs of a PARAMS or GET_VALUES stream (FastCGI 1.0 §3.4). */
export function encodePairs(variables: Iterable<Variable>): Uint8Array {
  const pairs = new ByteCollector();
  for (const variable of variables) pushPair(pairs, variable);
  return pairs.take();
}

/**
 * A complete PARAMS stream, its end included. Each record holds whole pairs, because php-fpm
 * decodes records separately and closes the connection when a pair continues in the next one.
 *
 * @param limit bytes that all pairs may take
 * @throws GatewayError `limit_exceeded` when a pair does not fit in a record of 65,528 bytes, or
 * all pairs take more than `limit` bytes
 */
export function encodeParams(
  requestId: number,
  variables: Iterable<Variable>,
  limit: number,
): Uint8Array {
  const pairs = new ByteCollector();
  const records: { start: number; end: number }[] = [];
  let record = { start: 0, end: 0 };
  for (const variable of variables) {
    const start = pairs.length;
    pushPair(pairs, variable);
    const end = pairs.length;
    if (end - start > MAX_SENT_LENGTH) throw pairTooLong(variable[0], end - start);
    if (end - record.start > MAX_SENT_LENGTH) {
      records.push(record);
      record = { start, end };
    }
    record.end = end;
  }
  records.push(record);
  checkVariablesSize(pairs.length, limit);
  const bytes = pairs.take();
  const parts = records.flatMap(({ start, end }) =>
    streamRecords(RecordType.Params, requestId, bytes.subarray(start, end)),
  );
  return concat([...parts, endOfStream(RecordType.Params, requestId)]);
}

function pairTooLong(name: string, length: number): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `the variable ${name.slice(0, 64)} takes ${length} bytes, and a record holds ${MAX_SENT_LENGTH}`,
    { hint: "PHP-FPM cannot take a variable that does not fit in one record: send it in the body" },
  );
}
