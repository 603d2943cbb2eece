import type { Socket } from "node:net";
import type { Protocol } from "../address.js";
import { defaultEngine } from "../engine/select.js";
import type { ConnectionTimeouts } from "../server/connection-owner.js";
import { type OpenConnection, openerOf, type ServedConnection } from "../server/open-connection.js";
import type { Responder } from "../server/run-request.js";
import type { SocketOwner, SocketService } from "../server/socket-owner.js";
import type { WorkerServeOptions } from "./options.js";

/** Milliseconds that a client may take to send its request and to read the refusal. */
const REFUSAL_TIMEOUT = 5_000;

const timeouts: ConnectionTimeouts = {
  header: REFUSAL_TIMEOUT,
  idle: REFUSAL_TIMEOUT,
  write: REFUSAL_TIMEOUT,
};

/** Refuses connections as their protocol does: with OVERLOADED or 503. */
export class Refuser {
  readonly #service: SocketService;
  readonly #open: OpenConnection;
  readonly #refusals = new Set<Refusal>();

  constructor(protocol: Protocol, limits: WorkerServeOptions["limits"]) {
    this.#open = openerOf(protocol, { limits, timeouts });
    this.#service = {
      protocol,
      engine: defaultEngine(),
      timeouts,
      runnerOptions: { bodyBuffer: 0, bodyTimeout: 0, responseTimeout: 0 },
      machineOptions: { limits, maxRequests: 0 },
      servesPeer: () => true,
      // The faults of a client that is refused are not logged.
      report() {},
      errorOutput() {},
    };
  }

  refuse(socket: Socket): void {
    const refusal = new Refusal(socket, this.#service, this.#open, () => {
      this.#refusals.delete(refusal);
    });
    this.#refusals.add(refusal);
    socket.resume();
  }

  /** Cuts the connections whose clients have not read the refusal yet. */
  close(): void {
    for (const refusal of this.#refusals) refusal.destroy();
  }
}

/** One connection, whose request is refused as soon as it arrives. */
class Refusal implements SocketOwner<ServedConnection> {
  readonly service: SocketService;
  readonly respond: Responder = () => new Response(null, { status: 503 });
  readonly closed: () => void;
  readonly #connection: ServedConnection;

  constructor(socket: Socket, service: SocketService, open: OpenConnection, closed: () => void) {
    this.service = service;
    this.closed = closed;
    this.#connection = open(socket, this);
  }

  admit(): boolean {
    // After the refusal: a kept connection would carry the next request here, too.
    queueMicrotask(() => this.#connection.drain());
    return false;
  }

  released(): void {}

  closing(): void {}

  destroy(): void {
    this.#connection.destroy();
  }
}
