import type { Socket } from "node:net";
import type { Ending } from "../cgi/server-machine.js";
import { writeParts } from "../transport/node-socket.js";
import { closeSocket } from "./close-socket.js";
import type { Peer, PeerHandlers } from "./peer.js";

/**
 * This many bytes are written before the turn of the event loop ends. For a stream that is always
 * ready, one write of two 64 KiB chunks costs a tenth less than two writes.
 */
const FULL_LENGTH = 131_072;

/** An accepted connection over a socket of Node's. */
export class SocketPeer implements Peer {
  readonly #socket: Socket;
  readonly #handlers: PeerHandlers;
  readonly #writeTimeout: number;
  readonly #backpressure: Backpressure;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  #closed = false;
  /**
   * Removed from the socket when it closes. Node keeps it in an array beside a listener of its own,
   * and V8 comes to allocate such arrays in the old generation: each would keep its connection alive
   * for a while, which costs 6 KB and 7 µs for a small request.
   */
  readonly #onEnd = (): void => this.#handlers.ended();

  /**
   * @param writeTimeout milliseconds without the peer reading anything, after which it has timed
   * out; 0 waits forever
   */
  constructor(socket: Socket, handlers: PeerHandlers, writeTimeout: number) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#writeTimeout = writeTimeout;
    this.#backpressure = new Backpressure(socket, writeTimeout, () => handlers.written(0));
    socket.allowHalfOpen = true;
    socket.on("data", (bytes: Buffer) => handlers.received(bytes));
    socket.on("end", this.#onEnd);
    socket.on("timeout", () => handlers.timedOut());
    // Front ends reset connections in normal operation. The `close` that follows is handled.
    socket.on("error", () => {});
    socket.once("close", () => this.#onClose());
  }

  get closing(): boolean {
    return this.#socket.writableEnded;
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.#closed || parts.length === 0) return;
    if (this.#pending.length === 0) process.nextTick(() => this.#flush());
    for (const part of parts) {
      this.#pending.push(part);
      this.#pendingLength += part.length;
    }
  }

  drained(): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#pendingLength >= FULL_LENGTH) this.#flush();
    return this.#backpressure.drained();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(ending: Ending): void {
    this.#flush();
    closeSocket(this.#socket, ending, this.#writeTimeout);
  }

  fail(): void {
    this.#flush();
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const parts = this.#pending;
    if (this.#closed || parts.length === 0) return;
    this.#pending = [];
    this.#pendingLength = 0;
    if (!writeParts(this.#socket, parts)) this.#backpressure.block();
    this.#handlers.written(this.#socket.writableLength);
  }

  /** Drops what is pending, and ends all waiting. */
  #onClose(): void {
    this.#closed = true;
    this.#pending = [];
    this.#socket.off("end", this.#onEnd);
    this.#backpressure.close();
    this.#handlers.closed();
  }
}

/** Whether a socket's peer keeps up with what is written, and a promise to wait until it does. */
export class Backpressure {
  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #onDrain: () => void;
  #blocked = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  /**
   * @param timeout milliseconds without the peer reading anything, after which the socket emits
   * `timeout`; 0 waits forever
   * @param onDrain is called when the peer has read what waited
   */
  constructor(socket: Socket, timeout: number, onDrain: () => void) {
    this.#socket = socket;
    this.#timeout = timeout;
    this.#onDrain = onDrain;
  }

  /** Whether something waits for the peer. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Call this when a write returns false. It has no effect if the system has taken all since. */
  block(): void {
    if (this.#blocked || this.#closed || this.#socket.writableLength === 0) return;
    this.#blocked = true;
    this.#socket.setTimeout(this.#timeout);
    this.#socket.once("drain", () => this.#unblock());
  }

  /** Resolves when the peer has read what waits; undefined when nothing waits. */
  drained(): Promise<void> | undefined {
    if (!this.#blocked) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The socket has closed: ends all waiting. */
  close(): void {
    this.#closed = true;
    this.#blocked = false;
    this.#release();
  }

  #unblock(): void {
    if (this.#closed) return;
    this.#blocked = false;
    this.#socket.setTimeout(0);
    this.#onDrain();
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
