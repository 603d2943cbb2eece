const nothing = new Uint8Array(0);

/** A response's body that is a stream. What has been looked at is read again. */
export class PeekedBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ahead: Promise<ReadableStreamReadResult<Uint8Array>>[] = [];

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * All of it, where it is one chunk at most, and ready: so are the streams that the runtime makes of
   * texts and of bytes. Waits for nothing else.
   */
  async whole(): Promise<Uint8Array | undefined> {
    const first = await ready(this.#peek());
    if (first === undefined) return undefined;
    if (first.done) return nothing;
    const isLast = (await ready(this.#peek()))?.done === true;
    return isLast && first.value instanceof Uint8Array ? first.value : undefined;
  }

  read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    return this.#ahead.shift() ?? this.#reader.read();
  }

  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => {});
  }

  #peek(): Promise<ReadableStreamReadResult<Uint8Array>> {
    const next = this.#reader.read();
    this.#ahead.push(next);
    return next;
  }
}

/** What a promise gives before the event loop goes on; undefined when that is nothing, or an error. */
function ready<Result>(promise: Promise<Result>): Promise<Result | undefined> {
  const later = new Promise<undefined>((resolve) => process.nextTick(resolve));
  return Promise.race([promise.catch(() => undefined), later]);
}
