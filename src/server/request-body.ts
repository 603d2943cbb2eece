import { concat } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/**
 * A stream of a request on its way to the handler. It keeps what the handler has not read; a
 * connection stops reading while it is {@link RequestBody.full}.
 */
export class RequestBody {
  /** Called when the stream was full and has room again, or is dropped. */
  onRoom: (() => void) | undefined;
  readonly #expected: number | undefined;
  readonly #room: number;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  #received = 0;
  #ended = false;
  #dropped = false;
  #error: GatewayError | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  /** The stream's controller while a read waits for bytes. */
  #waiting: ReadableStreamDefaultController<Uint8Array> | undefined;
  #settle: (() => void) | undefined;
  /** Called when bytes or the end arrive while {@link RequestBody.collect} waits. */
  #arrived: (() => void) | undefined;

  /**
   * @param expected the length of the stream in bytes; undefined if it is not known
   * @param room bytes that may wait to be read
   */
  constructor(expected: number | undefined, room: number) {
    this.#expected = expected;
    this.#room = room;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the stream has no bytes: its length is 0, or it has ended without any. */
  get empty(): boolean {
    if (this.#expected === 0) return true;
    return this.#ended && this.#received === 0 && this.#error === undefined;
  }

  /** Whether as many bytes wait as there is room for, and more are to come. */
  get full(): boolean {
    return !this.#ended && this.#kept >= this.#room;
  }

  /** The stream that a handler reads. It ends after the expected length. */
  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.drop() },
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  /**
   * Reads all of it without a stream, which would cost more than a short body. Call either this or
   * read {@link RequestBody.stream}, not both.
   */
  async collect(): Promise<Uint8Array<ArrayBuffer>> {
    const collected: Uint8Array[] = [];
    for (;;) {
      const wasFull = this.full;
      collected.push(...this.#chunks);
      this.#chunks.length = 0;
      this.#kept = 0;
      if (wasFull) this.onRoom?.();
      if (this.#ended) break;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
    return concat(collected);
  }

  /** Takes the next bytes, or a copy of them, see {@link ownBytes}. */
  push(bytes: Uint8Array): void {
    if (this.#dropped || this.#ended) return;
    const before = this.#received;
    this.#received += bytes.length;
    const wanted = this.#expected === undefined ? bytes.length : this.#expected - before;
    if (wanted <= 0) return;
    const chunk = ownBytes(bytes.subarray(0, wanted));
    if (this.#waiting !== undefined) {
      this.#waiting.enqueue(chunk);
      this.#stopWaiting();
    } else {
      this.#chunks.push(chunk);
      this.#kept += chunk.length;
      this.#wakeUp();
    }
  }

  /** Ends the stream. If it is shorter than expected, it ends in an error for its reader. */
  end(): void {
    if (this.#ended) return;
    if (this.#expected !== undefined && this.#received < this.#expected) {
      this.fail(
        new GatewayError(
          ErrorCode.Truncated,
          `the request's body has ${this.#received} bytes, and CONTENT_LENGTH says ${this.#expected}`,
          { hint: "the client or the front end gave up half way" },
        ),
      );
      return;
    }
    this.#over();
  }

  /** Ends the stream in an error, after the bytes that have arrived. */
  fail(error: GatewayError): void {
    if (this.#ended) return;
    this.#error = error;
    this.#over();
  }

  /** Discards the bytes that wait and all further ones: the stream is no longer read. */
  drop(): void {
    this.#dropped = true;
    this.#chunks.length = 0;
    this.#kept = 0;
    this.onRoom?.();
  }

  #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      const wasFull = this.full;
      this.#kept -= chunk.length;
      controller.enqueue(chunk);
      if (wasFull && !this.full) this.onRoom?.();
      return undefined;
    }
    if (this.#ended) {
      this.#finish(controller);
      return undefined;
    }
    this.#waiting = controller;
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #over(): void {
    const wasFull = this.full;
    this.#ended = true;
    if (this.#waiting !== undefined) this.#finish(this.#waiting);
    this.#wakeUp();
    if (wasFull) this.onRoom?.();
  }

  #finish(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#error === undefined) controller.close();
    else controller.error(this.#error);
    this.#stopWaiting();
  }

  #wakeUp(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }

  #stopWaiting(): void {
    this.#waiting = undefined;
    this.#settle?.();
    this.#settle = undefined;
  }
}

/**
 * The time until the next piece of a body. To start again costs no timer, and works where timers are
 * numbers: everywhere but in Node and Bun.
 */
export class BodyDeadline {
  readonly #milliseconds: number;
  readonly #act: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #startedAt = 0;
  #isStopped = false;

  /**
   * Starts at once.
   *
   * @param act is called when the time has passed since the last start; it may start it again
   */
  constructor(milliseconds: number, act: () => void) {
    this.#milliseconds = milliseconds;
    this.#act = act;
    this.restart();
  }

  /** Starts again. Has no effect after `stop`. */
  restart(): void {
    if (this.#isStopped) return;
    this.#startedAt = performance.now();
    if (this.#timer === undefined) this.#wait(this.#milliseconds);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#check(), milliseconds);
  }

  #check(): void {
    this.#timer = undefined;
    const left = this.#startedAt + this.#milliseconds - performance.now();
    // A timer may be up to a millisecond early.
    if (left > 1) this.#wait(left);
    else this.#act();
  }
}

/**
 * Bytes that a reader of the body may keep, and whose buffer it may transfer. Bytes that fill most of
 * their buffer are handed out as they are, because no other chunk is in that buffer; fewer are
 * copied. Copying each 64 KiB would make V8 collect garbage twice as often.
 */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (length * 2 > buffer.byteLength) return new Uint8Array(buffer, byteOffset, length);
  // Not `slice`: that of a Buffer is a view.
  return new Uint8Array(bytes);
}
