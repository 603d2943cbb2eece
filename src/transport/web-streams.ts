import { hasMethod, isObject, wrongArgument } from "../arguments.js";
import { concat } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import type { GatewayError } from "../errors.js";
import {
  brokenConnection,
  type Connection,
  type ConnectionHandlers,
  type Connector,
  deliver,
} from "./connection.js";

/**
 * An open connection as a pair of Web Streams, such as one of Cloudflare's `connect()`,
 * `Deno.connect()` or `Duplex.toWeb(net.connect(…))`.
 */
export interface DuplexStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  /**
   * Closes the connection at once. Default: cancels `readable` and aborts `writable`. A connection of
   * workerd closes by this alone; one that is aborted stays open, and its php-fpm worker busy.
   */
  close?(): unknown;
}

/** @throws TypeError for what is no pair of Web Streams */
export function checkStreams(streams: unknown): asserts streams is DuplexStreams {
  const { readable, writable } = (isObject(streams) ? streams : {}) as Partial<DuplexStreams>;
  if (hasMethod(readable, "getReader") && hasMethod(writable, "getWriter")) return;
  throw wrongArgument("streams", streams, "an object with a readable and a writable stream");
}

/** Frees a connection at once, whatever is under way. */
export function releaseStreams(
  streams: DuplexStreams,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  reason?: Error,
): void {
  reader.cancel(reason).catch(() => {});
  if (streams.close === undefined) writer.abort(reason).catch(() => {});
  else void closeConnection(streams);
}

/** Closes a connection that may have closed already. */
async function closeConnection(streams: DuplexStreams): Promise<void> {
  try {
    await streams.close?.();
  } catch {}
}

/** A connector for one exchange over a pair of Web Streams. */
export function streamConnector(
  streams: DuplexStreams,
  engine: Engine = defaultEngine(),
): Connector {
  return (handlers) => new StreamConnection(streams, handlers, engine);
}

class StreamConnection implements Connection {
  readonly #handlers: ConnectionHandlers;
  readonly #engine: Engine;
  readonly #streams: DuplexStreams;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #closed = false;
  #resume: (() => void) | undefined;
  #paused = false;

  constructor(streams: DuplexStreams, handlers: ConnectionHandlers, engine: Engine) {
    this.#handlers = handlers;
    this.#engine = engine;
    this.#streams = streams;
    this.#reader = streams.readable.getReader();
    this.#writer = streams.writable.getWriter();
    // A failed write shows as the end of the readable side, if the peer has not answered yet.
    this.#writer.closed.catch(() => {});
    void this.#read();
  }

  write(parts: readonly Uint8Array[]): boolean {
    if (this.#closed) return true;
    // A sink may keep what it is given: the caller's buffers are copied.
    this.#writer.write(concat(parts)).catch(() => {});
    if ((this.#writer.desiredSize ?? 1) > 0) return true;
    this.#writer.ready.then(
      () => {
        if (!this.#closed) this.#handlers.drained();
      },
      () => {},
    );
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resume?.();
    this.#resume = undefined;
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.resume();
    releaseStreams(this.#streams, this.#reader, this.#writer);
  }

  async #read(): Promise<void> {
    try {
      await Promise.resolve();
      if (!this.#closed) this.#handlers.connected();
      while (!this.#closed) {
        if (this.#paused) await new Promise<void>((resolve) => (this.#resume = resolve));
        const { done, value } = await this.#reader.read();
        if (done) break;
        deliver(value, this.#engine, this.#handlers, () => this.#closed);
      }
      this.#close(undefined);
    } catch (error) {
      this.#close(brokenConnection(error instanceof Error ? error : new Error(String(error))));
    }
  }

  #close(error: GatewayError | undefined): void {
    if (this.#closed) return;
    this.destroy();
    this.#handlers.closed(error);
  }
}
