import {
  HEADER_LENGTH,
  MAX_SENT_LENGTH,
  NULL_REQUEST_ID,
  type ProtocolStatus,
  RecordType,
  type Role,
  VERSION,
} from "./protocol.js";

/** Bytes of a BEGIN_REQUEST's content, and of an END_REQUEST's. */
const BODY_LENGTH = 8;

/** How many zeros follow a content, so that the next record starts at a multiple of 8. */
export function paddingFor(contentLength: number): number {
  return -contentLength & 7;
}

/** Writes a record header into `target` (FastCGI 1.0 §3.3). */
function writeHeader(
  target: Uint8Array,
  offset: number,
  type: number,
  requestId: number,
  contentLength: number,
): void {
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
 * longer one, content and padding pass 65,535, which php-fpm refuses
 */
export function encodeRecord(type: number, requestId: number, content: Uint8Array): Uint8Array {
  if (content.length > MAX_SENT_LENGTH) {
    throw new RangeError(
      `a record carries at most ${MAX_SENT_LENGTH} bytes, not ${content.length}`,
    );
  }
  const record = new Uint8Array(HEADER_LENGTH + content.length + paddingFor(content.length));
  writeHeader(record, 0, type, requestId, content.length);
  record.set(content, HEADER_LENGTH);
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
  const record = new Uint8Array(HEADER_LENGTH + BODY_LENGTH);
  writeHeader(record, 0, RecordType.EndRequest, requestId, BODY_LENGTH);
  record[8] = appStatus >>> 24;
  record[9] = appStatus >>> 16;
  record[10] = appStatus >>> 8;
  record[11] = appStatus;
  record[12] = protocolStatus;
  return record;
}

/** UNKNOWN_TYPE, the answer to a management record of a type unknown to us (FastCGI 1.0 §4.2). */
export function encodeUnknownType(type: number): Uint8Array {
  return encodeRecord(
    RecordType.UnknownType,
    NULL_REQUEST_ID,
    Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0),
  );
}

/** The empty record that ends a stream. */
export function endOfStream(type: number, requestId: number): Uint8Array {
  const record = new Uint8Array(HEADER_LENGTH);
  writeHeader(record, 0, type, requestId, 0);
  return record;
}

/**
 * A content of up to this many bytes is copied behind its header, into the 64 bytes that V8 keeps in
 * an array itself: what is left of a chunk of 64 KiB.
 */
const SHORT_LENGTH = 56;

/**
 * A piece of a stream as records, cut at {@link MAX_SENT_LENGTH}, in parts to be written in order: a
 * short record in one, a longer one's header, content and padding apart. The content of a long one
 * is not copied. Empty for no bytes, because an empty record would end the stream.
 */
export function streamRecords(type: number, requestId: number, bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += MAX_SENT_LENGTH) {
    const content = bytes.subarray(offset, offset + MAX_SENT_LENGTH);
    if (content.length <= SHORT_LENGTH) parts.push(encodeRecord(type, requestId, content));
    else pushLong(parts, type, requestId, content);
  }
  return parts;
}

function pushLong(parts: Uint8Array[], type: number, requestId: number, content: Uint8Array): void {
  const header = new Uint8Array(HEADER_LENGTH);
  writeHeader(header, 0, type, requestId, content.length);
  parts.push(header, content);
  const padding = paddingFor(content.length);
  if (padding > 0) parts.push(new Uint8Array(padding));
}
