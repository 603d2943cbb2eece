import type { Socket } from "node:net";
import { closeSocket } from "./close-socket.js";
import type { ConnectionOwner, ConnectionService } from "./connection-owner.js";
import type { ListedConnection } from "./connections.js";

/** What an application that takes whole connections gets besides the socket. */
export interface ConnectionContext {
  /** Aborts when the server is asked to close: finish what has begun. */
  readonly signal: AbortSignal;
}

/**
 * An application that takes connections as they are accepted, and speaks a protocol of its own. The
 * socket is closed when the returned promise settles, and broken off when it rejects.
 */
export type ConnectionHandler = (
  socket: Socket,
  context: ConnectionContext,
) => void | Promise<void>;

/** What a raw connection needs of the server that accepted it. */
export interface RawConnectionOwner extends Pick<ConnectionOwner<RawConnection>, "closed"> {
  readonly service: Pick<ConnectionService, "timeouts" | "report">;
}

/** One accepted connection that an application reads and writes itself. */
export class RawConnection implements ListedConnection {
  index = 0;
  readonly #socket: Socket;
  readonly #service: RawConnectionOwner["service"];
  readonly #controller = new AbortController();

  constructor(socket: Socket, handler: ConnectionHandler, owner: RawConnectionOwner) {
    this.#socket = socket;
    this.#service = owner.service;
    // Peers reset connections in normal operation. The `close` that follows is handled.
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
      socket.on("timeout", () => socket.destroy());
      closeSocket(socket, "lingering", this.#service.timeouts.write);
    } catch (error) {
      this.#service.report(error);
      socket.destroy();
    }
  }
}
