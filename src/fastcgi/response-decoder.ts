import { checkBytes, StreamStart } from "../bytes.js";
import type { ClientHandlers } from "../cgi/client-machine.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import type { Engine } from "../engine/engine.js";
import {
  ASIDE,
  DemultiplexResult,
  DemultiplexState,
  EngineError,
  STATE_WORDS,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import { ProtocolStatus, protocolStatusError } from "./protocol.js";

/**
 * Decodes the response to one request from the bytes of a FastCGI connection, in chunks of any
 * length. Records of other requests and of unknown types are counted and skipped.
 */
export class ResponseDecoder {
  /** How many records belonged to other requests. */
  otherRequests = 0;
  /** How many records had a type that a response does not have. */
  otherTypes = 0;
  readonly #requestId: number;
  readonly #engine: Engine;
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #handlers: ClientHandlers;
  readonly #recordLimit: number;
  readonly #start = new StreamStart();
  #received = 0;
  /** Whether a record of this request has arrived. */
  #answered = false;
  #records = 0;
  #ended = false;

  constructor(
    requestId: number,
    handlers: ClientHandlers,
    options: { records?: number | undefined; engine?: Engine | undefined } = {},
  ) {
    this.#requestId = requestId;
    this.#engine = options.engine ?? defaultEngine();
    this.#handlers = handlers;
    this.#recordLimit = options.records ?? defaultLimits.records;
    this.#state[DemultiplexState.RequestId] = requestId;
  }

  /** Whether END_REQUEST has arrived. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a byte has arrived. */
  get started(): boolean {
    return this.#received > 0;
  }

  /**
   * Decodes bytes, which it copies into the engine's window.
   *
   * @returns how many bytes belong to this response; the rest follows END_REQUEST
   * @throws GatewayError `wrong_protocol`, `malformed`, `limit_exceeded`, or the error for
   * END_REQUEST's protocolStatus: `overloaded`, `cannot_multiplex`, `unknown_role`
   */
  push(bytes: Uint8Array): number {
    checkBytes("bytes", bytes);
    let offset = 0;
    while (offset < bytes.length && !this.#ended) {
      const piece = bytes.subarray(offset, offset + WINDOW_SIZE);
      this.#engine.memory.set(piece, WINDOW);
      offset += this.receive(piece.length);
    }
    return offset;
  }

  /**
   * Decodes the first `length` bytes of the engine's window.
   *
   * @returns how many bytes belong to this response
   * @throws GatewayError as {@link push}
   * @internal
   */
  receive(length: number): number {
    if (this.#ended) return 0;
    const { state, results, memory } = this.#engine;
    this.#start.take(memory.subarray(WINDOW, WINDOW + length));
    state.set(this.#state);
    const records = this.#engine.demultiplex(WINDOW, length);
    if (records < 0) throw this.#failure(records, results[DemultiplexResult.ErrorOffset]!);
    this.#state.set(state);
    this.#records += records;
    if (this.#records > this.#recordLimit) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `the answer has more than ${this.#recordLimit} records`,
      );
    }
    return this.#deliver();
  }

  /** Reads all results before it calls a handler, which may use the engine. */
  #deliver(): number {
    const { results, memory } = this.#engine;
    const stdoutStart = results[DemultiplexResult.StdoutStart]!;
    const stdoutLength = results[DemultiplexResult.StdoutLength]!;
    const stderrLength = results[DemultiplexResult.StderrLength]!;
    const consumed = results[DemultiplexResult.Consumed]!;
    const ended = results[DemultiplexResult.Ended] === 1;
    const appStatus = results[DemultiplexResult.AppStatus]! >>> 0;
    const protocolStatus = results[DemultiplexResult.ProtocolStatus]!;
    this.otherRequests += results[DemultiplexResult.OtherRequests]!;
    this.otherTypes += results[DemultiplexResult.OtherTypes]!;
    this.#received += consumed;
    this.#answered ||= stdoutLength > 0 || stderrLength > 0;
    this.#ended = ended;
    if (stderrLength > 0) this.#handlers.stderr(memory.subarray(ASIDE, ASIDE + stderrLength));
    if (stdoutLength > 0)
      this.#handlers.stdout(memory.subarray(stdoutStart, stdoutStart + stdoutLength));
    if (ended) {
      if (protocolStatus !== ProtocolStatus.RequestComplete) {
        throw protocolStatusError(protocolStatus);
      }
      this.#handlers.end({ appStatus, protocolStatus });
    }
    return consumed;
  }

  /** The error of a connection that ends at this point; undefined after END_REQUEST. */
  closed(): GatewayError | undefined {
    if (this.#ended) return undefined;
    if (this.#received === 0) {
      return new GatewayError(
        ErrorCode.ClosedWithoutAnswer,
        "the connection was closed without an answer",
      );
    }
    const problem = otherServerError(this.#start.text, "FastCGI") ?? this.unanswered();
    if (problem !== undefined) return problem;
    return new GatewayError(
      ErrorCode.Truncated,
      `the connection was closed after ${this.#received} bytes, before END_REQUEST`,
      { offset: this.#received },
    );
  }

  /** The error when only records of other requests have arrived. */
  unanswered(): GatewayError | undefined {
    if (this.#answered || this.otherRequests === 0) return undefined;
    const requestId = firstRequestId(this.#start.bytes);
    if (requestId === undefined || requestId === this.#requestId) return undefined;
    return new GatewayError(
      ErrorCode.Malformed,
      `the peer answered request ${requestId}, and was asked request ${this.#requestId}`,
      {
        hint: "the application is at fault: it must answer with the id that it received",
        offset: 2,
      },
    );
  }

  #failure(result: number, errorOffset: number): GatewayError {
    const offset = this.#received + errorOffset;
    if (result === EngineError.Version) {
      const peer = offset === 0 ? otherServerError(this.#start.text, "FastCGI") : undefined;
      return (
        peer ??
        new GatewayError(ErrorCode.Malformed, `no FastCGI record at byte ${offset}`, { offset })
      );
    }
    return new GatewayError(
      ErrorCode.Malformed,
      `END_REQUEST at byte ${offset} is not 8 bytes long`,
      { offset },
    );
  }
}

/** The request id of a record of which these bytes are the start. */
function firstRequestId([, , high, low]: Uint8Array): number | undefined {
  return high === undefined || low === undefined ? undefined : high * 256 + low;
}
