/** Bytes that a socket reads at a time, as many as Node reads. */
const LENGTH = 65_536;
/** Free buffers that are kept: 16 MiB. */
const MAX_FREE = 256;

/** The buffers that sockets read into. A closed connection's buffers serve the next one. */
export class ReadBuffers {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(LENGTH);
  }

  /** Takes back a buffer that no socket reads into, and no write waits for. */
  release(buffer: Uint8Array): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}
