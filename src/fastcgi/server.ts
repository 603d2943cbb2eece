import { ByteCollector, noBytes, StreamStart } from "../bytes.js";
import type { ServerHandlers, ServerMachine } from "../cgi/server-machine.js";
import { otherClientError } from "../cgi/spoken-protocol.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW_SIZE } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { ConnectionDecoder, type LongContent, type RecordPiece } from "./connection-decoder.js";
import { encodeEndRequest } from "./encode.js";
import type { ApplicationValues } from "./management.js";
import { ManagementRecords } from "./management.js";
import { PairDecoder } from "./pair-decoder.js";
import { KEEP_CONN, NULL_REQUEST_ID, ProtocolStatus, RecordType } from "./protocol.js";
import { RequestStreams } from "./request-streams.js";
import { FastCgiServerRequest, type RequestOwner, roleOf } from "./server-request.js";

export interface FastCgiServerOptions extends Partial<ApplicationValues> {
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  engine?: Engine | undefined;
}

/** A header of version 0, which front ends treat as a protocol error. */
const notARecord = new Uint8Array(8);

/** Requests and records that may be refused in a row before the connection is closed. */
const MAX_REFUSALS = 1_024;

/**
 * The application's side of a FastCGI connection, without I/O: all roles, management records,
 * kept and, by option, multiplexed connections.
 *
 * Without multiplexing, a request that begins before another one is answered is refused with
 * CANT_MPX_CONN, unless its client may have left ({@link FastCgiServerRequest.mayBeAbandoned}).
 */
export class FastCgiServer implements ServerMachine, RequestOwner {
  readonly headBegin = "status-field";
  /**
   * Bytes that were skipped: records of inactive requests, and of types that are not for
   * applications.
   */
  ignored = 0;
  readonly #handlers: ServerHandlers;
  readonly #engine: Engine;
  readonly #values: ApplicationValues;
  readonly #limits: Pick<Limits, "variables" | "records" | "requests">;
  readonly #decoder: ConnectionDecoder;
  readonly #requests = new Map<number, FastCgiServerRequest>();
  readonly #streams: RequestStreams;
  #management: ManagementRecords | undefined;
  /** Requests and records that were refused since a request was last served. */
  #refusals = 0;
  /** The content of an incomplete BEGIN_REQUEST. */
  readonly #content = new ByteCollector();
  readonly #start = new StreamStart();
  /** How many records came before the current bytes. */
  #recordsBefore = 0;
  #begun = 0;
  /** False after a request without KEEP_CONN, and after the end of the connection. */
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
    this.#streams = new RequestStreams(handlers, this.#engine, () => {
      this.#refusals = 0;
    });
    this.#decoder = new ConnectionDecoder((piece) => this.#dispatch(piece), this.#engine);
  }

  get active(): number {
    return this.#requests.size;
  }

  get receiving(): number {
    let receiving = 0;
    for (const request of this.#requests.values()) if (!request.complete) receiving += 1;
    return receiving;
  }

  get incomplete(): number | undefined {
    for (const request of this.#requests.values()) {
      if (request.params !== undefined) return request.number;
    }
    return undefined;
  }

  /**
   * @throws GatewayError `wrong_protocol`, `malformed`, `truncated` or `limit_exceeded` when the
   * connection has to be closed, after aborting all its requests with that error
   */
  take(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += WINDOW_SIZE) {
      this.#takePiece(bytes.subarray(offset, offset + WINDOW_SIZE));
    }
  }

  #takePiece(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#start.take(bytes);
    this.#streams.begin(bytes);
    this.#recordsBefore = this.#decoder.records;
    try {
      this.#decoder.take(bytes, (content) => this.#takeLong(content));
      this.#streams.flush();
      this.#checkRecords();
    } catch (error) {
      const problem = this.#explain(error);
      this.#abandon(problem);
      throw problem;
    } finally {
      this.#streams.begin(noBytes);
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
    this.#closed = requests.length === 0;
    if (this.#closed) return undefined;
    const left = frontEndLeft();
    for (const request of requests) request.receiver?.aborted(left);
    return left;
  }

  connectionLost(): void {
    if (!this.#closed || this.#requests.size > 0) this.#abandon(frontEndLeft());
  }

  send(parts: readonly Uint8Array[]): void {
    if (!this.#closed) this.#handlers.send(parts);
  }

  ended(request: FastCgiServerRequest): void {
    this.#requests.delete(request.requestId);
    if (this.#keepConnection || this.#requests.size > 0 || this.#closed) return;
    this.#closed = true;
    const isWhole = request.complete && this.ignored === 0 && this.#decoder.atBoundary;
    this.#handlers.close(isWhole ? "finished" : "lingering");
  }

  /**
   * Sends an invalid record. Front ends take a response with any appStatus for complete, and nginx
   * without keep-alive, Caddy and others take the end of the connection for the end of the
   * response: only an invalid record is an error to all of them.
   */
  cut(request: FastCgiServerRequest): boolean {
    if (this.#requests.size > 1) return false;
    this.#requests.delete(request.requestId);
    this.send([notARecord]);
    this.#closed = true;
    this.#handlers.close("cut");
    return true;
  }

  #takeLong(content: LongContent): void {
    if (this.#closed) return;
    const request = this.#requests.get(content.requestId);
    if (request === undefined || !this.#streams.receiveLong(request, content)) {
      this.ignored += content.length;
    }
  }

  #dispatch(piece: RecordPiece): void {
    const { type, requestId } = piece;
    if (type !== RecordType.Stdin && type !== RecordType.Data) this.#streams.flush();
    // A handler that answers while it receives the flushed body may have closed the connection.
    if (this.#closed) return;
    if (requestId === NULL_REQUEST_ID || type === RecordType.GetValues) this.#manage(piece);
    else if (type === RecordType.BeginRequest) this.#begin(piece);
    else {
      const request = this.#requests.get(requestId);
      if (request === undefined || !this.#streams.receive(request, piece)) {
        this.ignored += piece.length;
      }
    }
  }

  /** Whether a request is being served whose client has not left. */
  get #isTaken(): boolean {
    for (const request of this.#requests.values()) if (!request.mayBeAbandoned) return true;
    return false;
  }

  #manage(piece: RecordPiece): void {
    if (piece.type !== RecordType.GetValues && piece.begins) this.#countRefusal();
    this.#management ??= new ManagementRecords(this.#values, this.#engine);
    const answer = this.#management.answer(piece);
    if (answer !== undefined) this.send([answer]);
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
    const role = roleOf((content[0]! << 8) | content[1]!);
    const keep = (content[2]! & KEEP_CONN) !== 0;
    if (this.#isTaken && !this.#values.multiplex) {
      this.#refuse(requestId, ProtocolStatus.CannotMultiplexConnection);
    } else if (this.#requests.size >= this.#limits.requests) {
      this.#refuse(requestId, ProtocolStatus.Overloaded);
    } else {
      if (!keep) this.#keepConnection = false;
      if (role === undefined) {
        this.#refuse(requestId, ProtocolStatus.UnknownRole);
        return;
      }
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
    this.#handlers.close("lingering");
  }

  #countRefusal(): void {
    this.#refusals += 1;
    if (this.#refusals <= MAX_REFUSALS) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the front end sent ${this.#refusals} requests and records in a row that were refused`,
    );
  }

  /** The content of a BEGIN_REQUEST once it is complete: a view if it arrived in one piece. */
  #collect({ start, length, begins, ends }: RecordPiece): Uint8Array | undefined {
    const bytes = this.#engine.memory.subarray(start, start + length);
    if (begins && ends) return bytes;
    this.#content.push(bytes);
    return ends ? this.#content.take() : undefined;
  }

  /** Limits the records of the connection since its oldest request began. */
  #checkRecords(): void {
    const [oldest] = this.#requests.values();
    if (oldest === undefined) return;
    if (this.#decoder.records - oldest.recordsBefore <= this.#limits.records) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the request has more than ${this.#limits.records} records`,
    );
  }

  #explain(error: unknown): GatewayError {
    if (!(error instanceof GatewayError)) throw error;
    const isStart = error.code === ErrorCode.Malformed && error.offset === 0;
    return (isStart ? otherClientError(this.#start.text, "FastCGI") : undefined) ?? error;
  }

  /** Aborts all requests. Nothing more is received or sent. */
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
