import type net from "node:net";
import { noBytes } from "../bytes.js";
import type { PatientSocket } from "../transport/node-socket.js";
import type { RelaySide } from "./observer.js";

/** Milliseconds that a side may stay silent after the other one has closed. */
const LINGER = 60_000;
/** Milliseconds that the last bytes of a client are read after writing to it has failed. */
const LAST_BYTES = 2_000;

/** What a relay reports. */
export interface RelayHandlers {
  /** Bytes that have been passed on, valid until this returns. */
  passed(side: RelaySide, bytes: Uint8Array): void;
  /** A side has sent its last byte. */
  ended(side: RelaySide): void;
  /** A side has reset its connection, or could not be connected to. */
  broken(side: RelaySide): void;
  /** The client has gone before it has read everything. */
  lost(): void;
  /** Both sockets are closed. */
  closed(): void;
}

/**
 * Passes the bytes of two sockets on to each other, unchanged. A side that does not read makes the
 * other one wait. An end of file is passed on as one, after the bytes before it, and a reset of a TCP
 * connection as a reset.
 */
export class Relay {
  readonly #sockets: Record<RelaySide, PatientSocket>;
  readonly #handlers: RelayHandlers;
  /** The sides to which no more is written: everything is passed on, or it cannot be. */
  readonly #finished = new Set<RelaySide>();
  readonly #ended = new Set<RelaySide>();
  #timer: NodeJS.Timeout | undefined;
  #open = 2;

  constructor(client: PatientSocket, backend: PatientSocket, handlers: RelayHandlers) {
    this.#sockets = { client, backend };
    this.#handlers = handlers;
    this.#listen("client", client);
    this.#listen("backend", backend);
  }

  /** Passes on what a side has sent. The bytes stay as they are until the other side has them. */
  pass(side: RelaySide, bytes: Uint8Array): void {
    const from = this.#sockets[side];
    const other = otherSide(side);
    const to = this.#sockets[other];
    if (!this.#finished.has(other)) {
      to.write(bytes);
      if (to.writableLength > 0) {
        from.pause();
        to.write(noBytes, () => from.resume());
      }
    }
    this.#handlers.passed(side, bytes);
  }

  /** Closes both sockets once the client's has everything that was passed on. */
  close(): void {
    afterWritten(this.#sockets.client, () => this.destroy());
  }

  /** Closes both sockets at once. */
  destroy(): void {
    this.#sockets.client.destroy();
    this.#sockets.backend.destroy();
  }

  #listen(side: RelaySide, socket: PatientSocket): void {
    socket.onEndOfFile = () => this.#endOfFile(side);
    socket.onWriteFailed = () => this.#writeFailed(side);
    socket.on("error", (error: NodeJS.ErrnoException) => this.#broken(side, error));
    socket.on("close", () => this.#socketClosed(side));
  }

  #endOfFile(side: RelaySide): void {
    if (this.#ended.has(side)) return;
    this.#ended.add(side);
    this.#handlers.ended(side);
    if (this.#ended.size === 2 && this.#isWritten) {
      // Closing ends both halves. An end of its own for the second half costs a system call.
      this.destroy();
      return;
    }
    const other = otherSide(side);
    this.#sockets[other].end(() => this.#finish(other));
    // Most backends close both halves at once; one that has ended only its own still reads.
    if (side === "backend") this.#sockets.client.setTimeout(LINGER, () => this.destroy());
  }

  /** Whether the system has everything that was passed on. */
  get #isWritten(): boolean {
    const { client, backend } = this.#sockets;
    return client.writableLength === 0 && backend.writableLength === 0;
  }

  #writeFailed(side: RelaySide): void {
    if (side === "client") {
      this.#handlers.lost();
      this.#timer ??= setTimeout(() => this.destroy(), LAST_BYTES);
    }
    this.#finish(side);
  }

  /** Nothing more is written to a side. Closes the relay when that is so of both. */
  #finish(side: RelaySide): void {
    this.#finished.add(side);
    if (this.#finished.size === 2) this.destroy();
  }

  /** A side has reset its connection, or could not be connected to. */
  #broken(side: RelaySide, error: NodeJS.ErrnoException): void {
    this.#handlers.broken(side);
    const other = this.#sockets[otherSide(side)];
    if (error.code === "ECONNRESET" && other.remoteFamily !== undefined) {
      afterWritten(other, () => other.resetAndDestroy());
    } else afterWritten(other, () => other.destroy());
  }

  #socketClosed(side: RelaySide): void {
    this.#open--;
    if (this.#open > 0) {
      const other = this.#sockets[otherSide(side)];
      afterWritten(other, () => other.destroy());
      return;
    }
    clearTimeout(this.#timer);
    this.#handlers.closed();
  }
}

function otherSide(side: RelaySide): RelaySide {
  return side === "client" ? "backend" : "client";
}

/** Acts once the system has everything that was written, or after a while. */
function afterWritten(socket: net.Socket, act: () => void): void {
  if (socket.destroyed || socket.writableLength === 0) {
    act();
    return;
  }
  socket.setTimeout(LINGER, act);
  if (!socket.writableEnded) socket.write(noBytes, act);
  else socket.once("finish", act);
}
