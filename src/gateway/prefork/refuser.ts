import type { Socket } from "node:net";
import type { ServerHandlers, ServerMachine } from "../../cgi/server-machine.js";
import type { Engine } from "../../engine/engine.js";
import { engine } from "../../engine/select.js";
import type { Protocol } from "../../transport/address.js";
import type { Handler } from "../handler.js";
import type { RunnerOptions } from "../request-runner.js";
import { type CreateMachine, serverMachineOf } from "../serve.js";
import { type ConnectionOwner, ServerConnection } from "../server-connection.js";
import type { WorkerServeOptions } from "./options.js";

/** How long a client may take to hear that it is refused, in milliseconds. */
const PATIENCE = 5_000;

/** Refuses connections in the words of their protocol: OVERLOADED, or 503. */
export class Refuser {
  readonly #protocol: Protocol;
  readonly #createMachine: CreateMachine;
  readonly #limits: WorkerServeOptions["limits"];
  readonly #refusals = new Set<Refusal>();

  constructor(protocol: Protocol, limits: WorkerServeOptions["limits"]) {
    this.#protocol = protocol;
    this.#createMachine = serverMachineOf(protocol);
    this.#limits = limits;
  }

  refuse(socket: Socket): void {
    const createMachine = (handlers: ServerHandlers): ServerMachine =>
      this.#createMachine(handlers, { limits: this.#limits, maxRequests: 0 }, engine());
    const refusal = new Refusal(socket, this.#protocol, createMachine, () => {
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
class Refusal implements ConnectionOwner {
  readonly handler: Handler = () => new Response(null, { status: 503 });
  readonly engine: Engine = engine();
  readonly timeouts = { header: PATIENCE, idle: PATIENCE, write: PATIENCE };
  readonly runnerOptions: RunnerOptions = { bodyBuffer: 0, bodyTimeout: 0, responseTimeout: 0 };
  readonly protocol: Protocol;
  readonly createMachine: (handlers: ServerHandlers) => ServerMachine;
  readonly closed: () => void;
  readonly #connection: ServerConnection;

  constructor(
    socket: Socket,
    protocol: Protocol,
    createMachine: (handlers: ServerHandlers) => ServerMachine,
    closed: () => void,
  ) {
    this.protocol = protocol;
    this.createMachine = createMachine;
    this.closed = closed;
    this.#connection = new ServerConnection(socket, this);
  }

  admit(): boolean {
    // Behind the refusal: a kept connection would bring the next request here, too.
    queueMicrotask(() => this.#connection.drain());
    return false;
  }

  released(): void {}

  /** A client that is refused, and is at fault besides, is no news. */
  report(): void {}

  errorOutput(): void {}

  destroy(): void {
    this.#connection.destroy();
  }
}
