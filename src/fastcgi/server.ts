import { ByteCollector } from "../bytes.js";
import type { ServerHandlers, ServerMachine } from "../cgi/server-machine.js";
import { type Engine, WINDOW, WINDOW_SIZE } from "../engine/engine.js";
import { engine as defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { ConnectionDecoder, type RecordPiece } from "./connection-decoder.js";
import { encodeEndRequest, encodeUnknownType } from "./encode.js";
import { describeFrontEnd } from "./front-end.js";
import { PairDecoder } from "./pair-decoder.js";
import { KEEP_CONN, NULL_REQUEST_ID, ProtocolStatus, RecordType } from "./protocol.js";
import { FastCgiServerRequest, type RequestOwner, roleOf } from "./server-request.js";
import { type ApplicationValues, encodeValuesResult } from "./values.js";

export interface FastCgiServerOptions extends Partial<ApplicationValues> {
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  engine?: Engine | undefined;
}

/** A header of version 0: it has no type, no request and no content either. */
const notARecord = new Uint8Array(8);

/** Requests and records that may be refused in a row before the peer counts as hostile. */
const MAX_REFUSALS = 1_024;

/**
 * The application's side of a FastCGI connection, without I/O: all roles, management records,
 * kept and, by option, multiplexed connections.
 */
export class FastCgiServer implements ServerMachine, RequestOwner {
  readonly headBegin = "status-field";
  /** Records of inactive requests, or of types that an application does not get: skipped. */
  ignored = 0;
  readonly #handlers: ServerHandlers;
  readonly #engine: Engine;
  readonly #values: ApplicationValues;
  readonly #limits: Pick<Limits, "variables" | "records" | "requests">;
  readonly #decoder: ConnectionDecoder;
  readonly #requests = new Map<number, FastCgiServerRequest>();
  /** A BEGIN_REQUEST that is not whole yet, and the same for GET_VALUES: a record of 65,535 bytes. */
  readonly #content = new ByteCollector();
  #asked: PairDecoder | undefined;
  readonly #first = new Uint8Array(8);
  /** Records before the bytes that are being taken. */
  #recordsBefore = 0;
  #begun = 0;
  #refusals = 0;
  /** False once a request has come without KEEP_CONN. */
  #keepConnection = true;
  #closed = false;

  constructor(handlers: ServerHandlers, options: FastCgiServerOptions = {}) {
    const { limits } = options;
    this.#handlers = handlers;
    this.#engine = options.engine ?? defaultEngine();
    this.#values = {
      maxConnections: options.maxConnections ?? 1,
      maxRequests: options.maxRequests ?? 1,
      multiplex: options.multiplex ?? false,
    };
    this.#limits = {
      variables: limits?.variables ?? defaultLimits.variables,
      records: limits?.records ?? defaultLimits.records,
      requests: limits?.requests ?? defaultLimits.requests,
    };
    this.#decoder = new ConnectionDecoder((piece) => this.#dispatch(piece), this.#engine);
  }

  get active(): number {
    return this.#requests.size;
  }

  get incomplete(): number | undefined {
    for (const request of this.#requests.values()) {
      if (request.params !== undefined) return request.number;
    }
    return undefined;
  }

  /** Takes bytes that need not lie in the engine's window: they are copied there. */
  push(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += WINDOW_SIZE) {
      const piece = bytes.subarray(offset, offset + WINDOW_SIZE);
      this.#engine.memory.set(piece, WINDOW);
      this.receive(piece.length);
    }
  }

  /**
   * @throws GatewayError `wrong_protocol`, `malformed`, `truncated` or `limit_exceeded`: the
   * connection is to be closed. All requests on it have been aborted with that error
   */
  receive(length: number): void {
    if (this.#closed) return;
    const { received } = this.#decoder;
    if (received < 8) {
      const { memory } = this.#engine;
      const start = memory.subarray(WINDOW, WINDOW + Math.min(length, 8 - received));
      this.#first.set(start, received);
    }
    this.#recordsBefore = this.#decoder.records;
    try {
      this.#decoder.receive(length);
      this.#checkRecords();
    } catch (error) {
      const problem = this.#explain(error, Math.min(8, received + length));
      this.#abandon(problem);
      throw problem;
    }
  }

  closed(): GatewayError | undefined {
    if (this.#closed) return undefined;
    const requests = [...this.#requests.values()];
    if (!this.#decoder.atBoundary || requests.some((request) => !request.complete)) {
      const offset = this.#decoder.received;
      const problem = new GatewayError(
        ErrorCode.Truncated,
        `the front end closed the connection after ${offset} bytes, inside a request`,
        { offset },
      );
      this.#abandon(problem);
      return problem;
    }
    this.#keepConnection = false;
    if (requests.length === 0) {
      this.#closed = true;
      return undefined;
    }
    const left = frontEndLeft();
    for (const request of requests) request.receiver?.aborted(left);
    return left;
  }

  gone(): void {
    if (!this.#closed || this.#requests.size > 0) this.#abandon(frontEndLeft());
  }

  send(parts: readonly Uint8Array[]): void {
    if (!this.#closed) this.#handlers.send(parts);
  }

  ended(request: FastCgiServerRequest): void {
    this.#requests.delete(request.requestId);
    if (this.#keepConnection || this.#requests.size > 0 || this.#closed) return;
    this.#closed = true;
    this.#handlers.close("finished");
  }

  /**
   * Front ends take an answer with any appStatus for whole, and nginx without keep-alive, Caddy and
   * others take the end of the connection for the end of the answer: only what is no record is an
   * error to all of them.
   */
  cut(request: FastCgiServerRequest): boolean {
    if (this.#requests.size > 1) return false;
    this.#requests.delete(request.requestId);
    this.send([notARecord]);
    this.#closed = true;
    this.#handlers.close("cut");
    return true;
  }

  #dispatch(piece: RecordPiece): void {
    if (this.#closed) return;
    const { type, requestId } = piece;
    if (requestId === NULL_REQUEST_ID || type === RecordType.GetValues) this.#manage(piece);
    else if (type === RecordType.BeginRequest) this.#begin(piece);
    else {
      const request = this.#requests.get(requestId);
      if (request === undefined) this.ignored += 1;
      else this.#continue(request, piece);
    }
  }

  #manage(piece: RecordPiece): void {
    if (piece.type !== RecordType.GetValues) {
      if (!piece.begins) return;
      this.#countRefusal();
      this.send([encodeUnknownType(piece.type)]);
      return;
    }
    this.#asked ??= new PairDecoder({ limit: Number.POSITIVE_INFINITY, engine: this.#engine });
    this.#asked.receive(piece.start, piece.length);
    if (!piece.ends) return;
    const asked = this.#asked.finish().map(([name]) => name);
    this.#asked = undefined;
    this.send([encodeValuesResult(asked, this.#values)]);
  }

  #begin(piece: RecordPiece): void {
    const content = this.#collect(piece);
    if (content === undefined) return;
    const { requestId } = piece;
    if (this.#requests.has(requestId)) {
      throw new GatewayError(
        ErrorCode.Malformed,
        `the request ${requestId} begins a second time before it has ended`,
      );
    }
    const role = roleOf(((content[0] as number) << 8) | (content[1] as number));
    const keep = ((content[2] as number) & KEEP_CONN) !== 0;
    if (this.#requests.size > 0 && !this.#values.multiplex) {
      this.#refuse(requestId, ProtocolStatus.CannotMultiplexConnection);
    } else if (this.#requests.size >= this.#limits.requests) {
      this.#refuse(requestId, ProtocolStatus.Overloaded);
    } else if (role === undefined) {
      if (!keep) this.#keepConnection = false;
      this.#refuse(requestId, ProtocolStatus.UnknownRole);
    } else {
      if (!keep) this.#keepConnection = false;
      const recordsBefore = this.#recordsBefore;
      const begin = { requestId, role, number: this.#begun++, recordsBefore };
      const params = new PairDecoder({ limit: this.#limits.variables, engine: this.#engine });
      this.#requests.set(requestId, new FastCgiServerRequest(this, begin, params));
    }
  }

  #refuse(requestId: number, status: ProtocolStatus): void {
    this.#countRefusal();
    this.send([encodeEndRequest(requestId, 0, status)]);
    if (this.#keepConnection || this.#requests.size > 0) return;
    this.#closed = true;
    this.#handlers.close("finished");
  }

  #countRefusal(): void {
    this.#refusals += 1;
    if (this.#refusals <= MAX_REFUSALS) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the front end sent ${this.#refusals} requests and records that were refused, without one that was served`,
    );
  }

  #continue(request: FastCgiServerRequest, piece: RecordPiece): void {
    switch (piece.type) {
      case RecordType.AbortRequest:
        this.#abort(request);
        break;
      case RecordType.Params:
        if (request.params === undefined) this.ignored += 1;
        else if (piece.length > 0) request.params.receive(piece.start, piece.length);
        else this.#completeParams(request, request.params);
        break;
      case RecordType.Stdin:
        this.#body(request, piece);
        break;
      case RecordType.Data:
        this.#data(request, piece);
        break;
      default:
        this.ignored += 1;
    }
  }

  #completeParams(request: FastCgiServerRequest, params: PairDecoder): void {
    request.completeParams(params);
    this.#refusals = 0;
    const receiver = this.#handlers.request(request);
    if (request.ended) return;
    request.receiver = receiver;
    // An authorizer gets no body (FastCGI 1.0 §6.3), and none but a filter gets data.
    if (request.role === "authorizer") this.#endBody(request);
    if (request.role !== "filter") this.#endData(request);
  }

  #body(request: FastCgiServerRequest, piece: RecordPiece): void {
    const { receiver } = request;
    if (receiver === undefined) throw paramsMissing(request.requestId, "STDIN");
    if (request.bodyEnded) this.ignored += 1;
    else if (piece.length === 0) this.#endBody(request);
    else receiver.body(this.#view(piece));
  }

  #data(request: FastCgiServerRequest, piece: RecordPiece): void {
    const { receiver } = request;
    if (receiver === undefined) throw paramsMissing(request.requestId, "DATA");
    if (request.dataEnded) this.ignored += 1;
    else if (piece.length === 0) this.#endData(request);
    else receiver.data(this.#view(piece));
  }

  #endBody(request: FastCgiServerRequest): void {
    request.bodyEnded = true;
    request.receiver?.endBody();
  }

  #endData(request: FastCgiServerRequest): void {
    request.dataEnded = true;
    request.receiver?.endData();
  }

  #abort(request: FastCgiServerRequest): void {
    request.receiver?.aborted(
      new GatewayError(ErrorCode.Aborted, "the front end aborted the request"),
    );
    request.abort();
  }

  #view({ start, length }: RecordPiece): Uint8Array {
    return this.#engine.memory.subarray(start, start + length);
  }

  /** The content of a BEGIN_REQUEST once it is whole. */
  #collect(piece: RecordPiece): Uint8Array | undefined {
    this.#content.push(this.#view(piece));
    return piece.ends ? this.#content.take() : undefined;
  }

  /** Counts the connection's records since the oldest request on it began. */
  #checkRecords(): void {
    const [oldest] = this.#requests.values();
    if (oldest === undefined) return;
    if (this.#decoder.records - oldest.recordsBefore <= this.#limits.records) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the request has more than ${this.#limits.records} records`,
    );
  }

  #explain(error: unknown, firstLength: number): GatewayError {
    if (!(error instanceof GatewayError)) throw error;
    const isStart = error.code === ErrorCode.Malformed && error.offset === 0;
    const frontEnd = isStart ? describeFrontEnd(this.#first.subarray(0, firstLength)) : undefined;
    return frontEnd ?? error;
  }

  /** Nothing more is received or sent. */
  #abandon(error: GatewayError): void {
    this.#closed = true;
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const request of requests) {
      request.drop();
      request.receiver?.aborted(error);
    }
  }
}

function frontEndLeft(): GatewayError {
  return new GatewayError(ErrorCode.Aborted, "the front end closed the connection");
}

function paramsMissing(requestId: number, stream: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `the request ${requestId} has ${stream} before the end of its PARAMS`,
  );
}
