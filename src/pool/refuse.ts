import type { Socket } from "node:net";
import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { engine } from "../engine/select.js";
import type {
  ConnectionOwner,
  ConnectionTimeouts,
  MachineOptions,
} from "../server/connection-owner.js";
import { type OpenConnection, openerOf, type ServedConnection } from "../server/open-connection.js";
import type { Responder } from "../server/responder.js";
import type { RunnerOptions } from "../server/run-request.js";
import type { WorkerServeOptions } from "./options.js";

/** How long a client may take to hear that it is refused, in milliseconds. */
const PATIENCE = 5_000;

const timeouts: ConnectionTimeouts = { header: PATIENCE, idle: PATIENCE, write: PATIENCE };

/** What all refusals of a pool share. */
interface RefusalService {
  readonly protocol: Protocol;
  readonly machineOptions: MachineOptions;
  readonly open: OpenConnection;
}

/** Refuses connections in the words of their protocol: OVERLOADED, or 503. */
export class Refuser {
  readonly #service: RefusalService;
  readonly #refusals = new Set<Refusal>();

  constructor(protocol: Protocol, limits: WorkerServeOptions["limits"]) {
    const open = openerOf(protocol, { limits, timeouts });
    this.#service = { protocol, machineOptions: { limits, maxRequests: 0 }, open };
  }

  refuse(socket: Socket): void {
    const refusal = new Refusal(socket, this.#service, () => {
      this.#refusals.delete(refusal);
    });
    this.#refusals.add(refusal);
    socket.resume();
  }

  /** Cuts those that have not heard of it yet. */
  close(): void {
    for (const refusal of this.#refusals) refusal.destroy();
  }
}

/** One connection whose request is refused as soon as it is there. */
class Refusal implements ConnectionOwner<ServedConnection> {
  readonly respond: Responder = () => new Response(null, { status: 503 });
  readonly engine: Engine = engine();
  readonly timeouts = timeouts;
  readonly runnerOptions: RunnerOptions = { bodyBuffer: 0, bodyTimeout: 0, responseTimeout: 0 };
  readonly closed: () => void;
  readonly #service: RefusalService;
  readonly #connection: ServedConnection;

  constructor(socket: Socket, service: RefusalService, closed: () => void) {
    this.closed = closed;
    this.#service = service;
    this.#connection = service.open(socket, this);
  }

  get protocol(): Protocol {
    return this.#service.protocol;
  }

  get machineOptions(): MachineOptions {
    return this.#service.machineOptions;
  }

  servesPeer(): boolean {
    return true;
  }

  admit(): boolean {
    // Behind the refusal: a kept connection would bring the next request here, too.
    queueMicrotask(() => this.#connection.drain());
    return false;
  }

  released(): void {}

  closing(): void {}

  /** A client that is refused, and is at fault besides, is no news. */
  report(): void {}

  errorOutput(): void {}

  destroy(): void {
    this.#connection.destroy();
  }
}
