import { Protocol } from "../address.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDecoder, type RecordPiece } from "../fastcgi/connection-decoder.js";
import { PairDecoder } from "../fastcgi/pair-decoder.js";
import { RecordType } from "../fastcgi/protocol.js";
import type { Observer, OnRequestEnd, RelaySide } from "./observer.js";
import { OpenRequest, RequestOutcome, TAPPED_VARIABLES } from "./tapped-request.js";

/** Requests at a time that a connection may have. */
const MAX_OPEN = 1_024;

interface Watched {
  readonly request: OpenRequest;
  /** Undefined once the variables are complete, or cannot be read. */
  params: PairDecoder | undefined;
  /** The content of END_REQUEST, of 8 bytes, and how much of it has arrived. */
  readonly end: Uint8Array;
  endLength: number;
}

/** Watches a FastCGI connection, kept and multiplexed ones included. */
export class FastCgiObserver implements Observer {
  readonly #connection: number;
  readonly #onEnd: OnRequestEnd;
  readonly #memory = defaultEngine().memory;
  readonly #requests = new Map<number, Watched>();
  readonly #sent = new ConnectionDecoder((piece) => this.#sentPiece(piece));
  readonly #received = new ConnectionDecoder((piece) => this.#receivedPiece(piece));
  #firstToEnd: RelaySide | undefined;

  constructor(connection: number, onEnd: OnRequestEnd) {
    this.#connection = connection;
    this.#onEnd = onEnd;
  }

  get open(): number {
    return this.#requests.size;
  }

  take(side: RelaySide, bytes: Uint8Array): void {
    if (side === "backend") this.#received.push(bytes);
    else {
      this.#sent.take(bytes, ({ requestId, length }) => {
        this.#requests.get(requestId)?.request.body(length);
      });
    }
  }

  ended(side: RelaySide): void {
    this.#firstToEnd ??= side;
    if (side === "backend") this.#endAll(this.#firstToEnd);
  }

  broken(side: RelaySide): void {
    this.ended(side);
  }

  closed(): void {
    this.#endAll(this.#firstToEnd ?? "client");
  }

  #sentPiece({ requestId, type, start, length, ends }: RecordPiece): void {
    if (type === RecordType.BeginRequest) {
      if (ends && requestId !== 0) this.#begin(requestId);
      return;
    }
    const watched = this.#requests.get(requestId);
    if (watched === undefined) return;
    switch (type) {
      case RecordType.Params:
        params(watched, start, length);
        break;
      case RecordType.Stdin:
      case RecordType.Data:
        watched.request.body(length);
        break;
      case RecordType.AbortRequest:
        watched.request.abort();
        break;
    }
  }

  #begin(requestId: number): void {
    if (this.#requests.size >= MAX_OPEN) {
      const message = `more than ${MAX_OPEN} requests are open on one connection`;
      throw new GatewayError(ErrorCode.LimitExceeded, message);
    }
    this.#requests.set(requestId, {
      request: new OpenRequest(Protocol.FastCgi, this.#connection, requestId),
      params: new PairDecoder({ limit: TAPPED_VARIABLES }),
      end: new Uint8Array(8),
      endLength: 0,
    });
  }

  #receivedPiece({ requestId, type, start, length, ends }: RecordPiece): void {
    const watched = this.#requests.get(requestId);
    if (watched === undefined) return;
    const content = this.#memory.subarray(start, start + length);
    switch (type) {
      case RecordType.Stdout:
        watched.request.stdout(content);
        break;
      case RecordType.Stderr:
        watched.request.stderr(content);
        break;
      case RecordType.EndRequest: {
        // The engine refuses an END_REQUEST of another length.
        const { end } = watched;
        end.set(content, watched.endLength);
        watched.endLength += length;
        if (!ends) return;
        this.#requests.delete(requestId);
        const appStatus = new DataView(end.buffer).getUint32(0);
        this.#onEnd(watched.request.end(RequestOutcome.Complete, appStatus, end[4]));
      }
    }
  }

  /** Ends the requests whose responses cannot become complete any more. */
  #endAll(cause: RelaySide): void {
    const outcome = cause === "client" ? RequestOutcome.Aborted : RequestOutcome.Truncated;
    const left = [...this.#requests.values()];
    this.#requests.clear();
    for (const { request } of left) this.#onEnd(request.end(outcome));
  }
}

function params(watched: Watched, start: number, length: number): void {
  const { params, request } = watched;
  if (params === undefined) return;
  try {
    if (length > 0) params.receive(start, length);
    else {
      watched.params = undefined;
      request.variables(params.variables());
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Too long or malformed. The request is shown without its variables.
    watched.params = undefined;
  }
}
