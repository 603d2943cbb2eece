import type { Socket } from "node:net";

/**
 * Finds heads of requests that are not whole in time. Node's own limits are for servers that
 * listen, and its parser takes bytes without a word: so the first head is in time or not, and a
 * later one is late when it had begun one look before, after one to two times the limit.
 */
export class HeadWatch {
  readonly #socket: Socket;
  readonly #late: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Bytes that had come when the connection fell idle; undefined while it is busy. */
  #idleSince: number | undefined = 0;
  /** Whether the next look is one too many. */
  #isLast = true;

  /**
   * @param limit milliseconds; 0 is for ever
   * @param late is called when a head is late, or nothing has come at all
   */
  constructor(socket: Socket, limit: number, late: () => void) {
    this.#socket = socket;
    this.#late = late;
    if (limit > 0) this.#timer = setTimeout(() => this.#look(), limit);
  }

  /** Whether a part of the next request has come. */
  get hasBegun(): boolean {
    return this.#idleSince !== undefined && this.#socket.bytesRead > this.#idleSince;
  }

  /** A head is whole. */
  stop(): void {
    this.#idleSince = undefined;
    this.#isLast = false;
  }

  /** The next head may come. */
  start(): void {
    this.#idleSince = this.#socket.bytesRead;
  }

  /** The connection is gone. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#idleSince !== undefined) {
      if (this.#isLast) {
        this.#late();
        return;
      }
      this.#isLast = this.hasBegun;
    }
    this.#timer?.refresh();
  }
}
