import type { Socket } from "node:net";
import { LINGER } from "./closing-delays.js";
import type { RosterMember } from "./swap-list.js";

/** What an application of the lowest level knows besides its socket. */
export interface ConnectionContext {
  /** Aborts when the server is asked to close: what is left should be finished. */
  readonly signal: AbortSignal;
}

/**
 * An application that takes connections as they are accepted, and speaks what it likes. The socket
 * is closed when it settles, and broken off when it fails.
 */
export type ConnectionHandler = (
  socket: Socket,
  context: ConnectionContext,
) => void | Promise<void>;

/** What a raw connection needs of the server that accepted it. */
export interface RawConnectionOwner {
  readonly timeouts: { readonly write: number };
  closed(connection: RawConnection): void;
  report(error: unknown): void;
}

/** One accepted connection in the hands of an application. */
export class RawConnection implements RosterMember {
  seat = 0;
  readonly #socket: Socket;
  readonly #owner: RawConnectionOwner;
  readonly #controller = new AbortController();

  constructor(socket: Socket, handler: ConnectionHandler, owner: RawConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    // Peers break connections off in normal operation: `close` follows, and says enough.
    socket.on("error", () => {});
    socket.once("close", () => owner.closed(this));
    void this.#run(handler);
  }

  drain(): void {
    this.#controller.abort();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #run(handler: ConnectionHandler): Promise<void> {
    const socket = this.#socket;
    try {
      await handler(socket, { signal: this.#controller.signal });
      this.#end();
    } catch (error) {
      this.#owner.report(error);
      socket.destroy();
    }
  }

  #end(): void {
    const socket = this.#socket;
    socket.setTimeout(this.#owner.timeouts.write, () => socket.destroy());
    socket.end(() => {
      if (socket.readableEnded) socket.destroy();
      else socket.setTimeout(LINGER);
    });
    socket.once("end", () => socket.end(() => socket.destroy()));
    socket.resume();
  }
}
