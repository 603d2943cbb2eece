import type { Ending } from "../cgi/server-machine.js";

/** Milliseconds that a peer's last bytes are read and dropped after our own end. */
export const LINGER = 2_000;

/** The byte stream of an accepted connection. */
export interface Peer {
  /** Whether `close` was called: nothing more can be sent. */
  readonly closing: boolean;
  /** Sends parts in order. What is sent in one turn of the event loop is joined in one write. */
  send(parts: readonly Uint8Array[]): void;
  /** Resolves when the peer has read what was sent; undefined when there is nothing to wait for. */
  drained(): Promise<void> | undefined;
  pause(): void;
  resume(): void;
  /** Closes after what was sent. What still arrives is dropped. */
  close(ending: Ending): void;
  /** Closes at once. What was sent is written first, as far as the system takes it. */
  fail(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What a {@link Peer} reports. Nothing is reported before the call that made it has returned. */
export interface PeerHandlers {
  /** Takes bytes, which the receiver owns. */
  received(bytes: Uint8Array): void;
  /** The peer has closed its side, and may still read. */
  ended(): void;
  /** Bytes were written, of which `waiting` wait for the peer to read. */
  written(waiting: number): void;
  /** The peer has read nothing for as long as a write may take. */
  timedOut(): void;
  /** The connection has closed. */
  closed(): void;
}

/** Takes over an accepted connection. */
export type OpenPeer = (handlers: PeerHandlers) => Peer;
