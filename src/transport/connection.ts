import type { GatewayError } from "../errors.js";

/** What a connection reports. Nothing is reported after `closed`, or after `destroy()`. */
export interface ConnectionHandlers {
  connected(): void;
  /** The next `length` bytes lie in the engine's window; they are gone when this returns. */
  data(length: number): void;
  /** All that was written has been taken: write on. */
  drained(): void;
  /** The end: undefined after an orderly end of file. */
  closed(error: GatewayError | undefined): void;
}

/** A byte stream to a backend, read into the engine's window. */
export interface Connection {
  /** Writes whole; false asks to wait for `drained` before the next write. */
  write(parts: readonly Uint8Array[]): boolean;
  pause(): void;
  resume(): void;
  /** Frees the socket at once. May be called again. */
  destroy(): void;
}

/** Opens a connection. It reports to `handlers` later, never during the call. */
export type Connector = (handlers: ConnectionHandlers) => Connection;
