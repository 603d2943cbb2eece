import type { Socket } from "node:net";
import { writeParts } from "../transport/node-socket.js";
import { Backpressure } from "./backpressure.js";

/**
 * So many bytes do not wait for the turn's end. Of a stream that is always ready, a write of two
 * chunks of 64 KiB costs a tenth less than two writes.
 */
const FULL_LENGTH = 131_072;

/** Writes to a socket what comes in one turn of the event loop, at its end. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #backpressure: Backpressure;
  readonly #onWritten: (waiting: number) => void;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  #closed = false;

  /**
   * @param timeout milliseconds that the peer may take nothing while something waits for it: then
   * the socket's `timeout` event comes. 0 is for ever
   * @param onWritten is called with how many bytes of what was written wait for the peer
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

  /** Settles when the peer has taken what was sent; undefined when there is nothing to wait for. */
  drained(): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#pendingLength >= FULL_LENGTH) this.flush();
    return this.#backpressure.drained();
  }

  /** The socket is closed: nobody is to wait for it. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#backpressure.close();
  }
}
