import { ByteCollector, concat, isAsciiText, utf8Bytes } from "../bytes.js";
import type { Variable, VariableValue } from "../cgi/variable.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { endOfStream, streamRecords } from "./encode.js";
import { MAX_SENT_LENGTH, RecordType } from "./protocol.js";

/** Adds a name-value pair (FastCGI 1.0 §3.4): strings become UTF-8. */
function pushPair(pairs: ByteCollector, [name, value]: Variable): void {
  pushLength(pairs, lengthOf(name));
  pushLength(pairs, lengthOf(value));
  pairs.pushText(name);
  if (typeof value === "string") pairs.pushText(value);
  else pairs.push(value);
}

/** Bytes on the wire. */
function lengthOf(value: VariableValue): number {
  return typeof value !== "string" || isAsciiText(value) ? value.length : utf8Bytes(value).length;
}

/** Lengths to 127 take one byte, longer ones four with the top bit set. */
function pushLength(pairs: ByteCollector, length: number): void {
  if (length > 127) {
    pairs.pushByte((length >>> 24) | 0x80);
    pairs.pushByte(length >>> 16);
    pairs.pushByte(length >>> 8);
  }
  pairs.pushByte(length);
}

/** Name-value pairs as they stand in a PARAMS or GET_VALUES stream. */
export function encodePairs(variables: Iterable<Variable>): Uint8Array {
  const pairs = new ByteCollector();
  for (const variable of variables) pushPair(pairs, variable);
  return pairs.take();
}

/**
 * A whole PARAMS stream, its end included. Records break between pairs, because php-fpm decodes
 * each record alone and drops the connection when a pair straddles two.
 *
 * @throws GatewayError `limit_exceeded` when a pair does not fit in a record (65,528 bytes), or
 * all of them are longer than `limit` bytes
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
  if (pairs.length > limit) {
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the request's variables take ${pairs.length} bytes, more than the limit of ${limit}`,
      { hint: "send fewer or shorter headers, or raise limits.variables" },
    );
  }
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
