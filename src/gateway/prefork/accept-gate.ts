import { closeSync, openSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { LISTENING_DESCRIPTOR } from "./messages.js";

/**
 * Accepts from descriptor 0, and only while it is open: a connection that this worker cannot serve
 * is for another. Node accepts for as long as it listens; but libuv does not close the descriptors
 * 0 to 2, so that one can stop listening there, and listen again. That takes 5 µs.
 */
export class AcceptGate {
  readonly #server: Server;
  readonly #backlog: number;
  #isOpen = false;
  #ended = false;

  constructor(
    backlog: number,
    connected: (socket: Socket) => void,
    failed: (error: Error) => void,
  ) {
    this.#backlog = backlog;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, connected);
    this.#server.on("error", failed);
  }

  set open(open: boolean) {
    if (open === this.#isOpen || this.#ended) return;
    this.#isOpen = open;
    if (!open) this.#server.close();
    else {
      const backlog = this.#backlog;
      this.#server.listen({ fd: LISTENING_DESCRIPTOR, backlog, exclusive: true });
    }
  }

  /** Gives the socket up, so that it is closed when the master has closed it. */
  end(): void {
    if (this.#ended) return;
    this.open = false;
    this.#ended = true;
    closeSync(LISTENING_DESCRIPTOR);
    // What is opened next would be descriptor 0 and stay open for ever.
    openSync("/dev/null", "r");
  }
}
