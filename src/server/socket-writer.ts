import type { Socket } from "node:net";
import { writeParts } from "../transport/node-socket.js";

/**
 * This many bytes are written before the turn of the event loop ends. For a stream that is always
 * ready, one write of two 64 KiB chunks costs a tenth less than two writes.
 */
const FULL_LENGTH = 131_072;

/** Writes to a socket, in one write, what is sent within one turn of the event loop. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #backpressure: Backpressure;
  readonly #onWritten: (waiting: number) => void;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  #closed = false;

  /**
   * @param timeout milliseconds without the peer reading anything, after which the socket emits
   * `timeout`; 0 waits forever
   * @param onWritten is called with the number of written bytes that wait for the peer
   */
  constructor(socket: Socket, timeout: number, onWritten: (waiting: number) => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
    this.#backpressure = new Backpressure(socket, timeout, () => onWritten(0));
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.#closed || parts.length === 0) return;
    if (this.#pending.length === 0) process.nextTick(() => this.flush());
    for (const part of parts) {
      this.#pending.push(part);
      this.#pendingLength += part.length;
    }
  }

  flush(): void {
    const parts = this.#pending;
    if (this.#closed || parts.length === 0) return;
    this.#pending = [];
    this.#pendingLength = 0;
    if (!writeParts(this.#socket, parts)) this.#backpressure.block();
    this.#onWritten(this.#socket.writableLength);
  }

  /** Resolves when the peer has read what was sent; undefined when there is nothing to wait for. */
  drained(): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#pendingLength >= FULL_LENGTH) this.flush();
    return this.#backpressure.drained();
  }

  /** The socket has closed: drops what is pending, and ends all waiting. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#backpressure.close();
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
