import { concat } from "../bytes.js";
import type { Ending } from "../cgi/server-machine.js";
import { EventLoopYield } from "../transport/event-loop-yield.js";
import { type DuplexStreams, releaseStreams } from "../transport/web-streams.js";
import { LINGER, type Peer, type PeerHandlers } from "./peer.js";

/** An accepted connection as a pair of Web Streams. `Deno.Conn` is one. */
export interface AcceptedStreams extends DuplexStreams {
  /**
   * Closes the writable side after what was written to it, while the readable side stays open.
   * Default: `writable.close()`.
   */
  closeWrite?(): Promise<void>;
}

/** Bytes of a write, and of a read. Each write that ends shows that the peer reads. */
const PIECE_LENGTH = 65_536;
/** Bytes that may wait for the peer before a response does. */
const MAX_WAITING = 65_536;

/** An accepted connection over Web Streams. */
export class StreamPeer implements Peer {
  readonly #streams: AcceptedStreams;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #handlers: PeerHandlers;
  readonly #writeTimeout: number;
  readonly #report: (error: unknown) => void;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  /** Bytes that were written and that the stream has not taken yet. */
  #waiting = 0;
  #lastWrite: Promise<void> = Promise.resolve();
  /** Runs while the peer has something to read, or the stream to close. */
  #writeTimer: ReturnType<typeof setTimeout> | undefined;
  #hasTimedOut = false;
  #waitingForDrain: (() => void)[] = [];
  #isPaused = false;
  #resume: (() => void) | undefined;
  #closing = false;
  #closed = false;
  #hasEnded = false;
  /** Called when the peer closes while the connection lingers. */
  #stopLingering: (() => void) | undefined;

  /**
   * @param writeTimeout milliseconds without the peer reading anything, after which it has timed
   * out; 0 waits forever
   * @param report takes the error of a stream that is not one of bytes
   */
  constructor(
    streams: AcceptedStreams,
    handlers: PeerHandlers,
    writeTimeout: number,
    report: (error: unknown) => void,
  ) {
    this.#streams = streams;
    this.#reader = streams.readable.getReader();
    this.#writer = streams.writable.getWriter();
    this.#handlers = handlers;
    this.#writeTimeout = writeTimeout;
    this.#report = report;
    this.#writer.closed.catch(() => this.#end());
    void this.#read();
  }

  get closing(): boolean {
    return this.#closing;
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.#closing || parts.length === 0) return;
    if (this.#pending.length === 0) queueMicrotask(() => this.#flush());
    for (const part of parts) {
      this.#pending.push(part);
      this.#pendingLength += part.length;
    }
  }

  drained(): Promise<void> | undefined {
    if (this.#closed || this.#pendingLength + this.#waiting < MAX_WAITING) return undefined;
    this.#flush();
    return new Promise((resolve) => {
      this.#waitingForDrain.push(resolve);
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume?.();
    this.#resume = undefined;
  }

  close(ending: Ending): void {
    if (this.#closing) return;
    this.#flush();
    this.#closing = true;
    this.resume();
    this.#closeInOrder(ending).then(
      () => this.#end(),
      () => this.#end(),
    );
  }

  fail(): void {
    if (this.#closing || this.#hasTimedOut) {
      this.#end();
      return;
    }
    this.#flush();
    this.#closing = true;
    this.#lastWrite.then(() => this.#end());
  }

  destroy(): void {
    this.#end();
  }

  async #closeInOrder(ending: Ending): Promise<void> {
    this.#watchWrites();
    await this.#lastWrite;
    // What the peer gets of this is up to the stream: over TCP it should be a reset.
    if (ending === "reset") {
      await this.#writer.abort(new Error("the response is not complete"));
    } else if (this.#streams.closeWrite === undefined) {
      await this.#writer.close();
    } else {
      await this.#streams.closeWrite();
    }
    clearTimeout(this.#writeTimer);
    if (ending !== "lingering" || this.#hasEnded) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#stopLingering = resolve;
      timer = setTimeout(resolve, LINGER);
    });
    clearTimeout(timer);
  }

  #flush(): void {
    const parts = this.#pending;
    if (this.#closing || parts.length === 0) return;
    this.#pending = [];
    this.#pendingLength = 0;
    // A sink may keep what it is given, or transfer its buffer: each piece is a copy.
    const bytes = concat(parts);
    if (bytes.length <= PIECE_LENGTH) this.#write(bytes);
    else {
      for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {
        this.#write(bytes.slice(at, at + PIECE_LENGTH));
      }
    }
  }

  #write(bytes: Uint8Array): void {
    const isFirst = this.#waiting === 0;
    this.#waiting += bytes.length;
    if (isFirst) this.#watchWrites();
    this.#lastWrite = this.#writer.write(bytes).then(
      () => this.#wrote(bytes.length),
      () => this.#end(),
    );
  }

  #wrote(length: number): void {
    if (this.#closed) return;
    this.#waiting -= length;
    this.#watchWrites();
    this.#handlers.written(this.#waiting);
    if (this.#waiting < MAX_WAITING) this.#release();
  }

  /** Starts the time of writing again, or ends it when nothing waits. */
  #watchWrites(): void {
    clearTimeout(this.#writeTimer);
    if (this.#writeTimeout === 0 || (this.#waiting === 0 && !this.#closing)) return;
    this.#writeTimer = setTimeout(() => {
      this.#hasTimedOut = true;
      this.#handlers.timedOut();
    }, this.#writeTimeout);
  }

  async #read(): Promise<void> {
    const turns = new EventLoopYield();
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#closed) return;
        if (done) break;
        if (!(value instanceof Uint8Array)) {
          throw new TypeError("the readable stream has a chunk that is not a Uint8Array");
        }
        await this.#deliver(value);
        await turns.sent(value.length);
      }
    } catch (error) {
      // A stream that fails is a connection that broke: front ends do that in normal operation.
      if (error instanceof TypeError && !this.#closed) this.#report(error);
      this.#end();
      return;
    }
    this.#hasEnded = true;
    this.#stopLingering?.();
    if (!this.#closing) this.#handlers.ended();
  }

  /** Passes bytes on in copies, because their receiver changes them. Waits while paused. */
  async #deliver(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {
      if (this.#isPaused) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      }
      if (this.#closing) return;
      this.#handlers.received(new Uint8Array(bytes.subarray(at, at + PIECE_LENGTH)));
    }
  }

  /** Releases both streams, however the connection has ended. */
  #end(): void {
    if (this.#closed) return;
    this.#closing = true;
    this.#closed = true;
    clearTimeout(this.#writeTimer);
    this.#stopLingering?.();
    this.#pending = [];
    const closed = new Error("the server has closed the connection");
    releaseStreams(this.#streams, this.#reader, this.#writer, closed);
    this.resume();
    this.#release();
    queueMicrotask(() => this.#handlers.closed());
  }

  #release(): void {
    const waiting = this.#waitingForDrain;
    this.#waitingForDrain = [];
    for (const resolve of waiting) resolve();
  }
}
