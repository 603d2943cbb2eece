import { AnswerStatus } from "../cgi/answer-status.js";
import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Connection, ConnectionHandlers, Connector } from "../transport/connection.js";
import type { WireRequest } from "./wire-request.js";

/** Milliseconds that the answer of an abandoned request is still read: see `client/exchange.ts`. */
const DRAIN = 1_000;

/** What a slot reports. */
export interface SlotHandlers {
  answered(slot: Slot, status: number): void;
  failed(slot: Slot, error: GatewayError): void;
  sent(): void;
  received(length: number): void;
  /** The slot can take the next request. Called once for each request, after what became of it. */
  free(slot: Slot): void;
}

type SlotState = "free" | "busy" | "draining";

/** One of the requests that run at once, and its connection. */
export class Slot implements ConnectionHandlers, ClientHandlers {
  /** When the request was due, and when it was sent, by `performance.now()`. */
  dueAt = 0;
  sentAt = 0;
  readonly #connector: Connector;
  readonly #request: WireRequest;
  readonly #keep: boolean;
  readonly #handlers: SlotHandlers;
  #connection: Connection | undefined;
  #isConnected = false;
  /** Whether the connection has carried a request before: the peer may have closed it since. */
  #isReused = false;
  #machine: ClientMachine | undefined;
  #status = new AnswerStatus();
  #received = 0;
  #state: SlotState = "free";
  #drainUntil = 0;

  constructor(connector: Connector, request: WireRequest, keep: boolean, handlers: SlotHandlers) {
    this.#connector = connector;
    this.#request = request;
    this.#keep = keep;
    this.#handlers = handlers;
  }

  /** Sends the request. */
  start(dueAt: number): void {
    this.dueAt = dueAt;
    this.sentAt = performance.now();
    this.#state = "busy";
    this.#isReused = this.#connection !== undefined;
    this.#begin();
  }

  /** Abandons a request that was sent longer ago than `timeout`, and ends draining that is over. */
  expire(now: number, timeout: number): void {
    if (this.#state === "draining" && now >= this.#drainUntil) this.#release(true);
    if (this.#state !== "busy" || now - this.sentAt < timeout) return;
    const within = `within ${Math.round(timeout)} ms`;
    this.abandon(
      this.#isConnected
        ? new GatewayError(ErrorCode.Deadline, `no complete answer ${within}`)
        : new GatewayError(ErrorCode.ConnectTimeout, `no connection ${within}`),
    );
  }

  /** Reports an error, and reads and discards the answer for a moment longer. */
  abandon(error: GatewayError): void {
    if (this.#state !== "busy") return;
    this.#state = "draining";
    this.#drainUntil = performance.now() + DRAIN;
    this.#handlers.failed(this, error);
    if (!this.#isConnected) this.#release(true);
  }

  /** Closes the connection at once. */
  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  connected(): void {
    this.#isConnected = true;
    this.#send();
  }

  drained(): void {}

  data(length: number): void {
    const machine = this.#machine;
    if (machine === undefined) {
      this.close();
      return;
    }
    this.#handlers.received(length);
    this.#received += length;
    try {
      const taken = machine.receive(length);
      // What follows an answer is not an answer to anything: such a connection is not kept.
      if (machine.ended) this.#finish(!this.#keep || taken < length);
    } catch (error) {
      this.#fail(error);
    }
  }

  closed(error: GatewayError | undefined): void {
    const machine = this.#machine;
    this.#connection = undefined;
    if (machine === undefined) return;
    let problem: GatewayError | undefined;
    if (this.#isConnected) problem = machine.closed(error);
    else problem = error ?? new GatewayError(ErrorCode.ConnectFailed, "the connection was closed");
    if (problem === undefined) {
      this.#finish(true);
      return;
    }
    if (this.#isReused && this.#received === 0 && this.#state === "busy") {
      // The peer has closed the kept connection in the meantime.
      this.#isReused = false;
      this.#begin();
      return;
    }
    this.#fail(problem);
  }

  stdout(bytes: Uint8Array): void {
    this.#status.push(bytes);
  }

  stderr(): void {}

  /** The machine has ended: see where it is called. */
  end(): void {}

  #begin(): void {
    this.#machine = this.#request.machine(this);
    this.#status = new AnswerStatus();
    this.#received = 0;
    if (this.#connection !== undefined) {
      this.#send();
      return;
    }
    this.#isConnected = false;
    this.#connection = this.#connector(this);
  }

  #send(): void {
    this.#connection?.write(this.#request.bytes);
    this.#handlers.sent();
  }

  #finish(closes: boolean): void {
    // An answer without a readable head counts as one with the status 0.
    if (this.#state === "busy") this.#handlers.answered(this, this.#status.value ?? 0);
    this.#release(closes);
  }

  #fail(error: unknown): void {
    const isFirst = this.#state === "busy";
    if (isFirst && !(error instanceof GatewayError)) throw error;
    if (isFirst) this.#handlers.failed(this, error as GatewayError);
    this.#release(true);
  }

  #release(closes: boolean): void {
    this.#machine = undefined;
    if (closes) this.close();
    this.#state = "free";
    this.#handlers.free(this);
  }
}
