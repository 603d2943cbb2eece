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
 * Accepts connections from the pool's socket while the gate is open. It is closed while this worker
 * has no room, so that other workers accept them.
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

  /** Listens, but does not accept yet. Rejects with the system's error if that fails. */
  async listen(): Promise<void> {
    const listening = once(this.#server, "listening");
    const backlog = this.#backlog;
    this.#server.listen({ fd: LISTENING_DESCRIPTOR, backlog, exclusive: true });
    this.#handle = handleOf(this.#server);
    // In the same turn of the event loop, so that nothing is accepted before.
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

  /** Closes this process's handle. The socket is closed when the master has closed its own, too. */
  end(): void {
    this.#handle = undefined;
    this.#server.close();
  }
}
