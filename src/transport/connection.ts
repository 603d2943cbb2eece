import type { Engine } from "../engine/engine.js";
import { WINDOW, WINDOW_SIZE } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { notify } from "../listeners.js";

/** What a connection reports. Nothing is reported after `closed`, or after `destroy()`. */
export interface ConnectionHandlers {
  connected(): void;
  /** The next `length` bytes are in the engine's window, until this returns. */
  data(length: number): void;
  /** Everything written has left this process, after a `write` that returned false. */
  drained(): void;
  /** The connection has ended; `error` is undefined after an orderly end of file. */
  closed(error: GatewayError | undefined): void;
}

/** A byte stream to a backend, which is read into the engine's window. */
export interface Connection {
  /** Writes all parts. Returns false to ask for a wait until `drained`. */
  write(parts: readonly Uint8Array[]): boolean;
  pause(): void;
  resume(): void;
  /** Frees the socket at once. May be called again. */
  destroy(): void;
}

/** Opens a connection. It reports to `handlers` after the call has returned. */
export type Connector = (handlers: ConnectionHandlers) => Connection;

/**
 * Passes bytes that lie elsewhere to `data`, in pieces that fit in the engine's window, until all are
 * passed or `isClosed` holds.
 */
export function deliver(
  bytes: Uint8Array,
  engine: Engine,
  handlers: Pick<ConnectionHandlers, "data">,
  isClosed: () => boolean,
): void {
  for (let offset = 0; offset < bytes.length && !isClosed(); offset += WINDOW_SIZE) {
    const piece = bytes.subarray(offset, offset + WINDOW_SIZE);
    engine.memory.set(piece, WINDOW);
    handlers.data(piece.length);
  }
}

/** Explains why an open connection ended. */
export function brokenConnection(error: Error): GatewayError {
  const isReset = (error as { code?: string }).code === "ECONNRESET";
  return new GatewayError(
    ErrorCode.ClosedWithoutAnswer,
    isReset ? "the peer reset the connection" : `the connection broke: ${error.message}`,
    { cause: error },
  );
}

/** Receives the bytes of a connection: a view that is valid until it returns. */
export type Trace = (direction: "sent" | "received", bytes: Uint8Array) => void;

export interface SocketOptions {
  /**
   * Milliseconds that a connection may take to open. Default: 5,000; 0 leaves no time, and Infinity
   * sets no limit.
   */
  connectTimeout?: number | undefined;
  /** Called with the bytes of the connection, in both directions. It must not use the engine. */
  trace?: Trace | undefined;
}

/** A connector whose connections pass all bytes, in both directions, to `trace` first. */
export function tracingConnector(connector: Connector, trace: Trace): Connector {
  const { memory } = defaultEngine();
  return (handlers) => {
    const connection = connector({
      connected: () => handlers.connected(),
      drained: () => handlers.drained(),
      closed: (error) => handlers.closed(error),
      data: (length) => {
        notify(trace, "received", memory.subarray(WINDOW, WINDOW + length));
        handlers.data(length);
      },
    });
    return {
      write: (parts) => {
        for (const part of parts) notify(trace, "sent", part);
        return connection.write(parts);
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      destroy: () => connection.destroy(),
    };
  };
}
