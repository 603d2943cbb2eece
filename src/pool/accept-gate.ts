import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  handleOf,
  type ListeningHandle,
  pauseAccepting,
  resumeAccepting,
} from "../transport/node-internals.js";
import { LISTENING_DESCRIPTOR } from "./messages.js";

/**
 * Accepts from the pool's socket, and only while it is open: a connection that this worker cannot
 * serve is for another.
 */
export class AcceptGate {
  readonly #server: Server;
  readonly #backlog: number;
  readonly #failed: (error: Error) => void;
  #handle: ListeningHandle | undefined;
  #isOpen = false;

  constructor(
    backlog: number,
    connected: (socket: Socket) => void,
    failed: (error: Error) => void,
  ) {
    this.#backlog = backlog;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, connected);
    this.#failed = failed;
  }

  /** Listens, and accepts nothing yet. Rejects with what the system says when that fails. */
  async listen(): Promise<void> {
    const listening = once(this.#server, "listening");
    const backlog = this.#backlog;
    this.#server.listen({ fd: LISTENING_DESCRIPTOR, backlog, exclusive: true });
    this.#handle = handleOf(this.#server);
    // At once: nothing is accepted before the event loop turns.
    if (this.#handle !== undefined) pauseAccepting(this.#handle);
    await listening;
    this.#server.on("error", this.#failed);
  }

  set open(open: boolean) {
    if (open === this.#isOpen || this.#handle === undefined) return;
    this.#isOpen = open;
    if (open) resumeAccepting(this.#handle);
    else pauseAccepting(this.#handle);
  }

  /** Gives the socket up, so that it is closed when the master has closed it. */
  end(): void {
    this.#handle = undefined;
    this.#server.close();
  }
}
