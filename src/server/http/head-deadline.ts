import type { Socket } from "node:net";

/**
 * The deadline of the heads of an HTTP connection. Node's own timeouts apply only to servers that
 * listen, and its parser does not report the first byte. So one timer checks the connection once per
 * limit. The first head misses the deadline if it is incomplete at the first check. A later head
 * misses it if it had begun before the previous check: one to two limits after its first byte.
 */
export class HeadDeadline {
  readonly #socket: Socket;
  readonly #onMissed: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Bytes received before the connection became idle; undefined while a request is under way. */
  #idleSince: number | undefined = 0;
  /** Whether a head that is incomplete at the next check has missed the deadline. */
  #isLast = true;

  /**
   * @param limit milliseconds; 0 waits forever
   * @param onMissed is called when a head is not complete in time, or no first head has arrived
   */
  constructor(socket: Socket, limit: number, onMissed: () => void) {
    this.#socket = socket;
    this.#onMissed = onMissed;
    if (limit > 0) this.#timer = setTimeout(() => this.#check(), limit);
  }

  /** Whether a part of the next head has arrived. */
  get hasBegun(): boolean {
    return this.#idleSince !== undefined && this.#socket.bytesRead > this.#idleSince;
  }

  /** A head is complete. */
  stop(): void {
    this.#idleSince = undefined;
    this.#isLast = false;
  }

  /** The connection is idle: it may receive the next head. */
  start(): void {
    this.#idleSince = this.#socket.bytesRead;
  }

  /** The connection has closed. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    if (this.#idleSince !== undefined) {
      if (this.#isLast) {
        this.#onMissed();
        return;
      }
      this.#isLast = this.hasBegun;
    }
    this.#timer?.refresh();
  }
}
