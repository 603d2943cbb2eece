import { ByteCollector, checkBytes } from "../bytes.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { PairDecoder } from "./pair-decoder.js";
import { KEEP_CONN, RECORD_HEADER_LENGTH, RecordType, VERSION } from "./protocol.js";

/** The longest content that a record can have. */
const MAX_CONTENT = 0xffff;

/** One record as it was sent (FastCGI 1.0 §3.3). */
export interface FastCgiRecord {
  /** Where the record starts in the stream, in bytes. */
  offset: number;
  version: number;
  /** A {@link RecordType}, or a type that FastCGI does not define. */
  type: number;
  requestId: number;
  contentLength: number;
  paddingLength: number;
  /** A copy of the content. */
  content: Uint8Array;
}

export interface FastCgiRecordOptions {
  /** Bytes that the content of a record may have. Default: 65,535, which a record can have. */
  limit?: number | undefined;
  /** Where the first byte stands in its stream: records and errors count from there. Default: 0. */
  offset?: number | undefined;
}

/**
 * Decodes FastCGI records of either direction, of any type and request, in chunks of any length.
 * What it yields does not depend on the chunks. {@link decodeBody} decodes a record's content.
 */
export class FastCgiRecordDecoder {
  readonly #limit: number;
  readonly #header = new Uint8Array(RECORD_HEADER_LENGTH);
  readonly #content = new ByteCollector();
  #headerLength = 0;
  #paddingTaken = 0;
  #offset: number;
  #recordOffset = 0;

  constructor(options: FastCgiRecordOptions = {}) {
    this.#limit = options.limit ?? MAX_CONTENT;
    this.#offset = options.offset ?? 0;
  }

  /** Where the next byte stands in its stream. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Takes the next bytes of the stream, and yields each record that they complete. Iterate to the
   * end: bytes are taken as the records are.
   *
   * @throws GatewayError `malformed` when a record's version is not 1, `limit_exceeded` when its
   * content is too long; both with the record's offset, after the records before it. The decoder
   * cannot be used afterwards
   */
  *push(bytes: Uint8Array): Generator<FastCgiRecord, void, undefined> {
    checkBytes("bytes", bytes);
    let at = 0;
    while (at < bytes.length) {
      at += this.#take(bytes.subarray(at));
      if (this.#missing === 0) yield this.#record();
    }
  }

  /**
   * Takes the end of the stream, which is valid between records.
   *
   * @throws GatewayError `truncated`, with the record's offset, inside a record
   */
  end(): void {
    if (this.#headerLength === 0) return;
    const missing = this.#missing;
    throw new GatewayError(
      ErrorCode.Truncated,
      this.#headerLength < RECORD_HEADER_LENGTH
        ? `the bytes end inside the header of the record at byte ${this.#recordOffset}`
        : `the bytes end ${missing} bytes before the end of the record at byte ${this.#recordOffset}`,
      { offset: this.#recordOffset },
    );
  }

  get #contentLength(): number {
    return (this.#header[4]! << 8) | this.#header[5]!;
  }

  get #paddingLength(): number {
    return this.#header[6]!;
  }

  /** Bytes that the record lacks; at least 1 while its header is incomplete. */
  get #missing(): number {
    if (this.#headerLength < RECORD_HEADER_LENGTH) return RECORD_HEADER_LENGTH - this.#headerLength;
    const body = this.#contentLength + this.#paddingLength;
    return body - this.#content.length - this.#paddingTaken;
  }

  /** @returns how many of the bytes it took */
  #take(bytes: Uint8Array): number {
    const taken = this.#takePart(bytes);
    this.#offset += taken;
    return taken;
  }

  #takePart(bytes: Uint8Array): number {
    if (this.#headerLength < RECORD_HEADER_LENGTH) {
      if (this.#headerLength === 0) this.#recordOffset = this.#offset;
      const part = bytes.subarray(0, RECORD_HEADER_LENGTH - this.#headerLength);
      this.#header.set(part, this.#headerLength);
      this.#headerLength += part.length;
      if (this.#header[0] !== VERSION) throw this.#wrongVersion();
      if (this.#headerLength === RECORD_HEADER_LENGTH) this.#checkLength();
      return part.length;
    }
    if (this.#content.length < this.#contentLength) {
      const part = bytes.subarray(0, this.#contentLength - this.#content.length);
      this.#content.push(part);
      return part.length;
    }
    const taken = Math.min(bytes.length, this.#paddingLength - this.#paddingTaken);
    this.#paddingTaken += taken;
    return taken;
  }

  #record(): FastCgiRecord {
    const header = this.#header;
    const record = {
      offset: this.#recordOffset,
      version: header[0]!,
      type: header[1]!,
      requestId: (header[2]! << 8) | header[3]!,
      contentLength: this.#contentLength,
      paddingLength: this.#paddingLength,
      content: this.#content.take(),
    };
    this.#headerLength = 0;
    this.#paddingTaken = 0;
    return record;
  }

  #checkLength(): void {
    if (this.#contentLength <= this.#limit) return;
    const offset = this.#recordOffset;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the record at byte ${offset} has ${this.#contentLength} bytes, more than the limit of ${this.#limit}`,
      { offset },
    );
  }

  #wrongVersion(): GatewayError {
    const offset = this.#recordOffset;
    return new GatewayError(
      ErrorCode.Malformed,
      `the record at byte ${offset} has the version ${this.#header[0]}, not ${VERSION}`,
      { offset },
    );
  }
}

/** The decoded content of a record. That of a stream is a piece: PARAMS may end inside a pair. */
export type RecordBody =
  | { kind: "begin-request"; role: number; flags: number; keepConnection: boolean }
  | { kind: "abort-request" }
  | { kind: "end-request"; appStatus: number; protocolStatus: number }
  | { kind: "params" | "stdin" | "stdout" | "stderr" | "data"; bytes: Uint8Array; ends: boolean }
  | { kind: "get-values"; names: string[] }
  | { kind: "get-values-result"; values: Variable[] }
  | { kind: "unknown-type"; type: number }
  | { kind: "other"; bytes: Uint8Array };

const streamKinds = new Map<number, "params" | "stdin" | "stdout" | "stderr" | "data">([
  [RecordType.Params, "params"],
  [RecordType.Stdin, "stdin"],
  [RecordType.Stdout, "stdout"],
  [RecordType.Stderr, "stderr"],
  [RecordType.Data, "data"],
]);

/**
 * Decodes the content of a record of any type (FastCGI 1.0 §4 and §5).
 *
 * @throws GatewayError `malformed` or `truncated`, with the offset of the record, when the content
 * is invalid for its type
 */
export function decodeBody(record: FastCgiRecord): RecordBody {
  const { type, content } = record;
  const stream = streamKinds.get(type);
  if (stream !== undefined) return { kind: stream, bytes: content, ends: content.length === 0 };
  switch (type) {
    case RecordType.BeginRequest: {
      const view = fixedBody(record);
      const flags = view.getUint8(2);
      const keepConnection = (flags & KEEP_CONN) !== 0;
      return { kind: "begin-request", role: view.getUint16(0), flags, keepConnection };
    }
    case RecordType.AbortRequest:
      return { kind: "abort-request" };
    case RecordType.EndRequest: {
      const view = fixedBody(record);
      const appStatus = view.getUint32(0);
      return { kind: "end-request", appStatus, protocolStatus: view.getUint8(4) };
    }
    case RecordType.GetValues:
      return { kind: "get-values", names: pairsOf(record).map(([name]) => name) };
    case RecordType.GetValuesResult:
      return { kind: "get-values-result", values: pairsOf(record) };
    case RecordType.UnknownType:
      return { kind: "unknown-type", type: fixedBody(record).getUint8(0) };
    default:
      return { kind: "other", bytes: content };
  }
}

function fixedBody({ content, offset }: FastCgiRecord): DataView {
  if (content.length === 8) return new DataView(content.buffer, content.byteOffset, 8);
  throw new GatewayError(
    ErrorCode.Malformed,
    `the record at byte ${offset} needs a content of 8 bytes and has ${content.length}`,
    { offset },
  );
}

function pairsOf(record: FastCgiRecord): Variable[] {
  const decoder = new PairDecoder();
  return atRecord(record, () => {
    decoder.push(record.content);
    return decoder.finish();
  });
}

/** What `decode` returns. Its error gets the offset of the record instead of one in a stream. */
export function atRecord<Result>({ offset }: FastCgiRecord, decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, hint } = error;
    throw new GatewayError(code, `the record at byte ${offset}: ${message}`, {
      offset,
      hint,
      cause: error,
    });
  }
}
