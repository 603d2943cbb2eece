import { concat } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/**
 * A stream of a request on its way to the handler. What nobody has read yet is kept, and whoever
 * feeds the stream looks at {@link RequestBody.full}.
 */
export class RequestBody {
  /** Called when what was full has room again, or nobody will read it. */
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
  /** The stream's, while a read waits for bytes. */
  #waiting: ReadableStreamDefaultController<Uint8Array> | undefined;
  #settle: (() => void) | undefined;
  /** Called when something has come for {@link RequestBody.collect}. */
  #arrived: (() => void) | undefined;

  /**
   * @param expected how many bytes there are to be; undefined promises none
   * @param room bytes that may wait to be read
   */
  constructor(expected: number | undefined, room: number) {
    this.#expected = expected;
    this.#room = room;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** True when nothing is to come, or it is over and nothing came. */
  get empty(): boolean {
    if (this.#expected === 0) return true;
    return this.#ended && this.#received === 0 && this.#error === undefined;
  }

  /** True when as much waits as may, and more is to come. */
  get full(): boolean {
    return !this.#ended && this.#kept >= this.#room;
  }

  /** The stream that a handler reads. Bytes beyond the expected ones are not in it. */
  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.drop() },
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  /**
   * All of it at once, for whoever needs no stream, which would cost more than a short body.
   * Neither is of use behind the other.
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

  /** Takes the next bytes, or a copy: see {@link ownBytes}. */
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

  /** The end. A stream that is shorter than expected ends in an error for whoever reads it. */
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

  /** Ends the stream in an error, behind what has come. */
  fail(error: GatewayError): void {
    if (this.#ended) return;
    this.#error = error;
    this.#over();
  }

  /** Forgets what is here and what comes: nobody will read it. */
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
 * Bytes for whoever reads the body, who may keep them, and give their buffer away. What fills most
 * of a buffer is handed out with it: that is no other chunk's, and what it takes of the memory is
 * not much more. Less is copied. A copy of each 64 KiB has V8 collect garbage twice as often.
 */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (length * 2 > buffer.byteLength) return new Uint8Array(buffer, byteOffset, length);
  // Not slice: a Buffer's is a view.
  return new Uint8Array(bytes);
}
