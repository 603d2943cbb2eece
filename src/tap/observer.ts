import type { TappedRequest } from "./tapped-request.js";

/** Which side of a relayed connection closed it, or ended its half of it. */
export type RelaySide = "client" | "backend";

/**
 * Watches the bytes of one connection, in both directions. The bytes have been passed on already:
 * what it throws ends the observation, and not the connection.
 */
export interface Observer {
  /** Requests that have begun and not ended. */
  readonly open: number;
  /** Takes the next bytes of a side, which are valid until this returns. */
  take(side: RelaySide, bytes: Uint8Array): void;
  /** A side has sent its last byte. Called once for each side that does. */
  ended(side: RelaySide): void;
  /** A side has reset its connection: a crash can do that, too. What it has sent is not complete. */
  broken(side: RelaySide): void;
  /** The connection is closed. Called once, as the last. */
  closed(): void;
}

/** What an observer reports to. */
export type OnRequestEnd = (request: TappedRequest) => void;
