import { noBytes } from "../bytes.js";

type Read = ReadableStreamReadResult<Uint8Array>;

/** A response's body that is a stream. What has been looked at is read again. */
export class PeekedBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ahead: Promise<Read>[] = [];

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * All of it, where it is one chunk at most, and here before the event loop goes on: so are the
   * streams that the runtime makes of texts and of bytes.
   */
  async whole(): Promise<Uint8Array | undefined> {
    let first: Read | undefined;
    let second: Read | undefined;
    this.#peek((result) => {
      first = result;
    });
    this.#peek((result) => {
      second = result;
    });
    await new Promise<void>((resolve) => process.nextTick(resolve));
    if (first?.done) return noBytes;
    return second?.done && first?.value instanceof Uint8Array ? first.value : undefined;
  }

  read(): Promise<Read> {
    return this.#ahead.shift() ?? this.#reader.read();
  }

  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => {});
  }

  #peek(then: (result: Read) => void): void {
    const next = this.#reader.read();
    next.then(then, ignore);
    this.#ahead.push(next);
  }
}

/** Of a read that fails: whoever reads on hears of it. */
function ignore(): void {}
