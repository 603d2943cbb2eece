import type net from "node:net";
import type { GatewayError } from "../errors.js";
import type { AcceptedHandle } from "../transport/node-internals.js";
import { PatientSocket, readingInto } from "../transport/node-socket.js";
import type { Observer, RelaySide } from "./observer.js";
import { observerFor } from "./observer-for.js";
import type { ReadBuffers } from "./read-buffers.js";
import { Relay, type RelayHandlers } from "./relay.js";
import type { TappedProtocol } from "./tapped-request.js";
import { RequestOutcome, type TappedRequest } from "./tapped-request.js";

/** What a tap reports. Nothing of it delays or changes the bytes. */
export interface TapHandlers {
  /** A request has ended. */
  request(request: TappedRequest): void;
  /** Something that is worth a line: a backend that refuses, bytes that are of no known protocol. */
  note(text: string): void;
  /** Receives all bytes, which are valid until it returns. */
  bytes?: ((connection: number, side: RelaySide, bytes: Uint8Array) => void) | undefined;
  /** A connection is closed. */
  closed?: ((connection: number) => void) | undefined;
}

/** Where the connections of a tap lead. */
export interface TapBackend {
  readonly protocol: TappedProtocol;
  readonly target: net.NetConnectOpts;
  /** Milliseconds that connecting may take. */
  readonly connectTimeout: number;
  /** Explains why a connection was not made. */
  explain(error: Error): GatewayError;
}

/** A connection of a front end, the connection to the backend that belongs to it, and who watches. */
export class TappedConnection implements RelayHandlers {
  readonly #number: number;
  readonly #relay: Relay;
  readonly #handlers: TapHandlers;
  /** Undefined once it has failed. */
  #observer: Observer | undefined;
  readonly #onClosed: () => void;
  #closesWhenIdle = false;
  #clientEnded = false;
  #isLost = false;

  constructor(
    handle: AcceptedHandle,
    number: number,
    place: TapBackend,
    buffers: ReadBuffers,
    handlers: TapHandlers,
    onClosed: (connection: TappedConnection) => void,
  ) {
    this.#number = number;
    this.#handlers = handlers;
    this.#observer = observerFor(place.protocol, number, (request) => this.#ended(request));
    const sent = buffers.take();
    const received = buffers.take();
    this.#onClosed = () => {
      buffers.release(sent);
      buffers.release(received);
      onClosed(this);
    };
    handle.setNoDelay?.(true);
    const pass = (side: RelaySide, buffer: Uint8Array) =>
      readingInto(buffer, (length) => {
        this.#relay.pass(side, buffer.subarray(0, length));
        return true;
      });
    const backend = new PatientSocket({ ...pass("backend", received), allowHalfOpen: true });
    // The types of net.Socket's constructor leave out handle, of which net.Server makes its sockets.
    const accepted = { handle, allowHalfOpen: true } as net.SocketConstructorOpts;
    const client = new PatientSocket({ ...pass("client", sent), ...accepted });
    this.#relay = new Relay(client, backend, this);
    this.#connect(backend, place);
  }

  /** Requests that have begun and not ended; 1 when that is unknown. */
  get requests(): number {
    return this.#observer?.open ?? 1;
  }

  /** Closes the connection as soon as no request is open on it. */
  closeWhenIdle(): void {
    this.#closesWhenIdle = true;
    if (this.requests === 0) this.#relay.close();
  }

  destroy(): void {
    this.#relay.destroy();
  }

  passed(side: RelaySide, bytes: Uint8Array): void {
    this.#watch((observer) => observer.take(side, bytes));
    this.#handlers.bytes?.(this.#number, side, bytes);
  }

  ended(side: RelaySide): void {
    if (side === "client") this.#clientEnded = true;
    this.#watch((observer) => observer.ended(side));
  }

  broken(side: RelaySide): void {
    this.#watch((observer) => observer.broken(side));
  }

  lost(): void {
    this.#isLost = true;
    this.#watch((observer) => observer.closed());
  }

  closed(): void {
    this.#watch((observer) => observer.closed());
    this.#handlers.closed?.(this.#number);
    this.#onClosed();
  }

  #connect(backend: PatientSocket, { target, connectTimeout, explain }: TapBackend): void {
    const failed = (error: Error): void => {
      const { message } = explain(error);
      this.#handlers.note(`connection ${this.#number}: the backend: ${message}`);
    };
    const timer = setTimeout(() => {
      const message = `connect ETIMEDOUT: no connection within ${connectTimeout} ms`;
      backend.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
    }, connectTimeout);
    backend.once("error", failed);
    backend.once("close", () => clearTimeout(timer));
    backend.once("connect", () => {
      clearTimeout(timer);
      backend.off("error", failed);
    });
    backend.connect({ ...target, allowHalfOpen: true } as net.NetConnectOpts);
  }

  #ended(request: TappedRequest): void {
    if (!this.#clientEnded) this.#handlers.request(request);
    else {
      // The client has closed its half, or all of it: then writing the response to it has failed.
      process.nextTick(() => {
        const outcome = this.#isLost ? RequestOutcome.Aborted : request.outcome;
        this.#handlers.request({ ...request, outcome });
      });
    }
    // In the next turn: the response's last bytes may be in this one.
    if (this.#closesWhenIdle) setImmediate(() => this.closeWhenIdle());
  }

  /** Runs the observer. If it fails, the bytes still pass; they are just not watched any more. */
  #watch(run: (observer: Observer) => void): void {
    if (this.#observer === undefined) return;
    try {
      run(this.#observer);
    } catch (error) {
      this.#observer = undefined;
      const { message } = error as Error;
      this.#handlers.note(`connection ${this.#number} is not watched any more: ${message}`);
    }
  }
}
