import type { Socket } from "node:net";

/** Has whoever writes to a socket wait until its peer has taken what waits for it. */
export class Backpressure {
  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #onDrain: () => void;
  #blocked = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  /**
   * @param timeout milliseconds that the peer may take nothing while something waits for it: then
   * the socket's `timeout` event comes. 0 is for ever
   * @param onDrain is called when the peer has taken what waited
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

  /** The socket asks to wait until its `drain`: not where the system has taken all at once. */
  block(): void {
    if (this.#blocked || this.#closed || this.#socket.writableLength === 0) return;
    this.#blocked = true;
    this.#socket.setTimeout(this.#timeout);
    this.#socket.once("drain", () => this.#unblock());
  }

  /** Settles when the peer has taken what waits; undefined when nothing does. */
  drained(): Promise<void> | undefined {
    if (!this.#blocked) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The socket is closed: nobody is to wait for it. */
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
