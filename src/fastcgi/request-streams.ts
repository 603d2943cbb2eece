import { noBytes } from "../bytes.js";
import type { ServerHandlers } from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { LongContent, RecordPiece } from "./connection-decoder.js";
import type { PairDecoder } from "./pair-decoder.js";
import { RecordType } from "./protocol.js";
import type { FastCgiServerRequest } from "./server-request.js";

/**
 * Joins contents that follow each other in one stream, in place: in the bytes that they arrived in.
 */
class JoinedContent {
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #end = 0;

  /** Whether nothing was added since the last {@link take}. */
  get empty(): boolean {
    return this.#end === this.#start;
  }

  /** The bytes to join contents in. Bytes between contents are overwritten. */
  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = 0;
  }

  /** Adds a copy of the content at `at`, after the last one. */
  addCopy(content: Uint8Array, at: number): void {
    if (this.empty) this.#startAt(at);
    this.#bytes.set(content, this.#end);
    this.#end += content.length;
  }

  /** Adds the content at `at`, after the last one: moves the shorter of both. */
  add(at: number, length: number): void {
    if (this.empty) this.#startAt(at);
    const before = this.#end - this.#start;
    if (before < length) {
      this.#bytes.copyWithin(at - before, this.#start, this.#end);
      this.#start = at - before;
      this.#end = at + length;
    } else {
      this.#bytes.copyWithin(this.#end, at, at + length);
      this.#end += length;
    }
  }

  /** Returns a view of the joined contents, and starts again with none. */
  take(): Uint8Array {
    const joined = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return joined;
  }

  #startAt(at: number): void {
    this.#start = at;
    this.#end = at;
  }
}

/** Takes the records of a request after BEGIN_REQUEST: its variables, body, data and abort. */
export class RequestStreams {
  readonly #handlers: ServerHandlers;
  readonly #engine: Engine;
  readonly #onServed: () => void;
  readonly #joined = new JoinedContent();
  /** The stream whose contents are being joined. */
  #pending: { request: FastCgiServerRequest; type: number } | undefined;

  /** @param onServed is called for each request whose variables are complete */
  constructor(handlers: ServerHandlers, engine: Engine, onServed: () => void) {
    this.#handlers = handlers;
    this.#engine = engine;
    this.#onServed = onServed;
  }

  /** Sets the bytes of the following pieces. Bodies are passed on as views of them. */
  begin(bytes: Uint8Array): void {
    this.#joined.bytes = bytes;
    this.#pending = undefined;
  }

  /** Passes the joined contents on. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    const { receiver } = pending.request;
    const content = this.#joined.take();
    if (pending.type === RecordType.Stdin) receiver?.body(content);
    else receiver?.data(content);
  }

  /**
   * Takes a piece of one of the request's records, which is in the engine's window.
   *
   * @returns false for a piece that is skipped, because its stream has ended
   * @throws GatewayError `malformed` for a body before the end of the variables, `truncated` or
   * `limit_exceeded` for variables that cannot be read
   */
  receive(request: FastCgiServerRequest, piece: RecordPiece): boolean {
    switch (piece.type) {
      case RecordType.AbortRequest:
        // At the end of the record, so that a content, which it should not have, is skipped.
        if (piece.ends) abort(request);
        return true;
      case RecordType.Params:
        if (request.params === undefined) return false;
        if (piece.length > 0) request.params.receive(piece.start, piece.length);
        else this.#completeParams(request, request.params);
        return true;
      case RecordType.Stdin:
      case RecordType.Data:
        if (!mayHaveMore(request, piece.type)) return false;
        if (piece.length === 0) this.#end(request, piece.type);
        else {
          const { start, length } = piece;
          this.#continue(request, piece.type);
          this.#joined.addCopy(this.#engine.memory.subarray(start, start + length), piece.at);
        }
        return true;
      default:
        return false;
    }
  }

  /**
   * Takes a long content, which is in the bytes of {@link begin}.
   *
   * @returns as {@link receive}
   * @throws GatewayError as {@link receive}
   */
  receiveLong(request: FastCgiServerRequest, { type, at, length }: LongContent): boolean {
    if (!mayHaveMore(request, type)) return false;
    this.#continue(request, type);
    this.#joined.add(at, length);
    return true;
  }

  /** Joins the following contents for a stream of the request. */
  #continue(request: FastCgiServerRequest, type: number): void {
    if (this.#pending?.request === request && this.#pending.type === type) return;
    this.flush();
    this.#pending = { request, type };
  }

  #end(request: FastCgiServerRequest, type: number): void {
    this.flush();
    if (type === RecordType.Stdin) endBody(request);
    else endData(request);
  }

  #completeParams(request: FastCgiServerRequest, params: PairDecoder): void {
    request.completeParams(params);
    this.#onServed();
    const receiver = this.#handlers.request(request);
    if (request.ended) return;
    request.receiver = receiver;
    // An authorizer gets no body (FastCGI 1.0 §6.3), and none but a filter gets data.
    if (request.role === "authorizer") endBody(request);
    if (request.role !== "filter") endData(request);
  }
}

/**
 * Whether a stream has not ended.
 *
 * @throws GatewayError `malformed` when it begins before the end of PARAMS
 */
function mayHaveMore(request: FastCgiServerRequest, type: number): boolean {
  const isBody = type === RecordType.Stdin;
  if (request.receiver === undefined) {
    throw paramsMissing(request.requestId, isBody ? "STDIN" : "DATA");
  }
  return isBody ? !request.bodyEnded : !request.dataEnded;
}

function endBody(request: FastCgiServerRequest): void {
  request.bodyEnded = true;
  request.receiver?.endBody();
}

function endData(request: FastCgiServerRequest): void {
  request.dataEnded = true;
  request.receiver?.endData();
}

/** Sends END_REQUEST at once (FastCGI 1.0 §5.4), though the handler may still run. */
function abort(request: FastCgiServerRequest): void {
  request.receiver?.aborted(
    new GatewayError(ErrorCode.Aborted, "the front end aborted the request"),
  );
  request.abort();
}

function paramsMissing(requestId: number, stream: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `the request ${requestId} has ${stream} before the end of its PARAMS`,
  );
}
