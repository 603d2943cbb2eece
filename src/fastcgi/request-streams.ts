import type { ServerHandlers } from "../cgi/server-machine.js";
import { type Engine, WINDOW } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { RecordPiece } from "./connection-decoder.js";
import type { PairDecoder } from "./pair-decoder.js";
import { RecordType } from "./protocol.js";
import type { FastCgiServerRequest } from "./server-request.js";

/** Takes what follows a request's BEGIN_REQUEST: its variables, its body and data, its abort. */
export class RequestStreams {
  /** The bytes that are in the engine's window: a body is handed out in them. */
  source: Uint8Array = new Uint8Array(0);
  readonly #handlers: ServerHandlers;
  readonly #engine: Engine;
  readonly #onServed: () => void;

  /** @param onServed is called for each request whose variables are complete */
  constructor(handlers: ServerHandlers, engine: Engine, onServed: () => void) {
    this.#handlers = handlers;
    this.#engine = engine;
    this.#onServed = onServed;
  }

  /**
   * Takes a piece of one of the request's records.
   *
   * @returns whether it was of use: what follows the end of a stream is skipped
   * @throws GatewayError `malformed` for a body before the end of the variables, `truncated` or
   * `limit_exceeded` for variables that cannot be read
   */
  receive(request: FastCgiServerRequest, piece: RecordPiece): boolean {
    switch (piece.type) {
      case RecordType.AbortRequest:
        abort(request);
        return true;
      case RecordType.Params:
        if (request.params === undefined) return false;
        if (piece.length > 0) request.params.receive(piece.start, piece.length);
        else this.#completeParams(request, request.params);
        return true;
      case RecordType.Stdin:
        return this.#body(request, piece);
      case RecordType.Data:
        return this.#data(request, piece);
      default:
        return false;
    }
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

  #body(request: FastCgiServerRequest, piece: RecordPiece): boolean {
    const { receiver } = request;
    if (receiver === undefined) throw paramsMissing(request.requestId, "STDIN");
    if (request.bodyEnded) return false;
    if (piece.length === 0) endBody(request);
    else receiver.body(this.#contentOf(piece));
    return true;
  }

  #data(request: FastCgiServerRequest, piece: RecordPiece): boolean {
    const { receiver } = request;
    if (receiver === undefined) throw paramsMissing(request.requestId, "DATA");
    if (request.dataEnded) return false;
    if (piece.length === 0) endData(request);
    else receiver.data(this.#contentOf(piece));
    return true;
  }

  /** Puts the content, which has come with headers in it, where it has come from. */
  #contentOf({ start, length }: RecordPiece): Uint8Array {
    const { memory } = this.#engine;
    const { source } = this;
    const at = start - WINDOW;
    source.set(memory.subarray(start, start + length), at);
    return source.subarray(at, at + length);
  }
}

function endBody(request: FastCgiServerRequest): void {
  request.bodyEnded = true;
  request.receiver?.endBody();
}

function endData(request: FastCgiServerRequest): void {
  request.dataEnded = true;
  request.receiver?.endData();
}

/** END_REQUEST follows at once (FastCGI 1.0 §5.4); the handler ends when it likes, unseen. */
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
