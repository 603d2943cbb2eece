import { concat, utf8Bytes } from "../bytes.js";
import { type Variable, valueBytes } from "../cgi/variable.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { endOfStream, streamRecords } from "./encode.js";
import { MAX_SENT_LENGTH, RecordType } from "./protocol.js";

function lengthSize(length: number): number {
  return length < 128 ? 1 : 4;
}

/** One name-value pair (FastCGI 1.0 §3.4): strings become UTF-8. */
function encodePair(variable: Variable): Uint8Array {
  const name = utf8Bytes(variable[0]);
  const value = valueBytes(variable[1]);
  const head = lengthSize(name.length) + lengthSize(value.length);
  const pair = new Uint8Array(head + name.length + value.length);
  const offset = writeLength(pair, writeLength(pair, 0, name.length), value.length);
  pair.set(name, offset);
  pair.set(value, offset + name.length);
  return pair;
}

/** Lengths to 127 take one byte, longer ones four with the top bit set. */
function writeLength(target: Uint8Array, offset: number, length: number): number {
  if (length < 128) {
    target[offset] = length;
    return offset + 1;
  }
  target[offset] = (length >>> 24) | 0x80;
  target[offset + 1] = length >>> 16;
  target[offset + 2] = length >>> 8;
  target[offset + 3] = length;
  return offset + 4;
}

/** Name-value pairs as they stand in a PARAMS or GET_VALUES stream. */
export function encodePairs(variables: Iterable<Variable>): Uint8Array {
  return concat(Array.from(variables, encodePair));
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
  const records: Uint8Array[][] = [];
  let record: Uint8Array[] = [];
  let recordLength = 0;
  let total = 0;
  for (const variable of variables) {
    const pair = encodePair(variable);
    if (pair.length > MAX_SENT_LENGTH) throw pairTooLong(variable[0], pair.length);
    if (recordLength + pair.length > MAX_SENT_LENGTH) {
      records.push(record);
      record = [];
      recordLength = 0;
    }
    record.push(pair);
    recordLength += pair.length;
    total += pair.length;
  }
  if (total > limit) {
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the request's variables take ${total} bytes, more than the limit of ${limit}`,
      { hint: "send fewer or shorter headers, or raise limits.variables" },
    );
  }
  if (record.length > 0) records.push(record);
  const parts = records.flatMap((pairs) =>
    streamRecords(RecordType.Params, requestId, concat(pairs)),
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
