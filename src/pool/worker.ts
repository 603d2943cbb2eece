import type { Socket } from "node:net";
import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import { GatewayError } from "../errors.js";
import { allowedPeers, isAllowed } from "../server/allowed-peers.js";
import { type Application, connectionHandlerOf } from "../server/application.js";
import type { ConnectionTimeouts, ServerMachineOptions } from "../server/connection-owner.js";
import { Connections } from "../server/connections.js";
import { writeToStandardError } from "../server/error-log.js";
import type { HandlerLike } from "../server/handler.js";
import { type OpenConnection, openerOf } from "../server/open-connection.js";
import { runnerOptionsOf } from "../server/options.js";
import type { ConnectionHandler } from "../server/raw-connection.js";
import {
  isResponse,
  type Responder,
  type RunnerOptions,
  responderOf,
} from "../server/run-request.js";
import { timeoutsOf } from "../server/serving-options.js";
import { listenError } from "../transport/listen.js";
import { shareSocketShape } from "../transport/node-internals.js";
import { AcceptGate } from "./accept-gate.js";
import type { MasterMessage, WorkerMessage, WorkerSettings } from "./messages.js";
import { Places } from "./places.js";
import type { PoolScoreboard } from "./scoreboard/scoreboard.js";
import { SlotWriter } from "./scoreboard/slot-writer.js";
import { sessionSetBy } from "./sessions.js";
import { pageFor } from "./status-pages.js";
import { RawWorkerConnection, WorkerConnection, type WorkerService } from "./worker-connection.js";

type Served = WorkerConnection | RawWorkerConnection;

/** The most open connections of a worker, idle kept ones included. */
const MAX_CONNECTIONS = 1_024;

/** Serves the connections that it accepts, or that the master passes to it, until it is stopped. */
export class PoolWorker implements WorkerService {
  readonly respond: Responder;
  readonly protocol: Protocol;
  readonly logsErrors = true;
  readonly engine: Engine = defaultEngine();
  readonly timeouts: ConnectionTimeouts;
  readonly machineOptions: ServerMachineOptions;
  readonly runnerOptions: RunnerOptions;
  readonly places: Places;
  readonly open: OpenConnection;
  readonly #settings: WorkerSettings;
  readonly #send: (message: WorkerMessage) => void;
  readonly #raw: ConnectionHandler | undefined;
  readonly #gate: AcceptGate | undefined;
  /** FastCGI 1.0 §3.2. Undefined: all peers. */
  readonly #allowed = allowedPeers(process.env["FCGI_WEB_SERVER_ADDRS"]);
  readonly #connections = new Connections<Served>();
  /** Connections that the master may still pass. */
  #promised = 0;
  #isFull = false;
  #ending = false;

  constructor(
    application: Application,
    settings: WorkerSettings,
    board: PoolScoreboard,
    send: (message: WorkerMessage) => void,
  ) {
    shareSocketShape();
    const { serve, concurrency, slot, places, lazyFetch } = settings;
    this.#settings = settings;
    this.#send = send;
    this.#raw = connectionHandlerOf(application);
    const handle = this.#raw === undefined ? responderOf(application as HandlerLike) : undefined;
    const respond = settings.affinity
      ? announcing(handle as Responder, (id) => send({ kind: "session", id }))
      : (handle as Responder);
    this.respond = (running) => pageFor(running.variables, board, settings) ?? respond(running);
    this.protocol = settings.protocol;
    this.timeouts = timeoutsOf(serve);
    const { limits, multiplex } = serve;
    const most = { maxConnections: concurrency, maxRequests: concurrency };
    this.machineOptions = { limits, multiplex, ...most };
    this.runnerOptions = runnerOptionsOf({ ...serve, lazyFetch });
    this.open = openerOf(settings.protocol, { limits, timeouts: this.timeouts });
    const slots = Array.from(
      { length: concurrency },
      (_, index) => new SlotWriter(board.descriptor, slot + index, places),
    );
    this.places = new Places(slots, () => this.#update());
    if (settings.mode === "shared") {
      this.#gate = new AcceptGate(
        settings.backlog,
        (socket) => this.serve(socket),
        (error) => this.report(error),
      );
    }
  }

  /**
   * Starts to take connections.
   *
   * @throws GatewayError `bad_address` when it cannot listen on the pool's socket
   */
  async start(): Promise<void> {
    try {
      await this.#gate?.listen();
    } catch (error) {
      throw listenError(error as Error, "the pool's socket");
    }
    this.#update();
  }

  /** Takes a message from the master, and the socket that may come with it. */
  receive(message: MasterMessage, socket: Socket | undefined): void {
    if (message.kind !== "connection") return;
    this.#send({ kind: "taken" });
    this.#promised -= 1;
    // Undefined if the connection was closed on its way here.
    if (socket === undefined) {
      this.#update();
      return;
    }
    socket.setNoDelay(true);
    if (message.bytes !== undefined) socket.unshift(Buffer.from(message.bytes, "latin1"));
    this.serve(socket);
  }

  serve(socket: Socket): void {
    if (this.#allowed !== undefined && !this.servesPeer(socket)) {
      socket.destroy();
      this.#update();
      return;
    }
    const connection =
      this.#raw === undefined
        ? new WorkerConnection(socket, this)
        : new RawWorkerConnection(socket, this.#raw, this);
    this.#connections.add(connection);
  }

  servesPeer(socket: Socket): boolean {
    return isAllowed(socket, this.#allowed, this.#settings.isTcp);
  }

  closed(connection: Served): void {
    this.#connections.delete(connection);
    this.#update();
  }

  /** Writes a GatewayError, such as a client's fault, in one line, and other errors with a stack. */
  report(error: unknown): void {
    const isKnown = error instanceof GatewayError;
    const text = error instanceof Error && !isKnown ? (error.stack ?? error.message) : error;
    writeToStandardError(`${isKnown ? oneLine(error) : text}\n`);
  }

  errorOutput(bytes: Uint8Array): void {
    writeToStandardError(bytes);
  }

  /** Serves what has begun. Resolves when that is finished, or cut at the limit. 0 waits forever. */
  async end(limit: number): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#gate?.end();
    await this.#connections.drain(limit > 0 ? limit : Infinity);
  }

  /** Accepts, or asks the master for, as many connections as there is room for. */
  #update(): void {
    const { maxRequests, mode } = this.#settings;
    if (this.#ending) return;
    if (maxRequests > 0 && this.places.requests >= maxRequests) this.#reachMaxRequests();
    const hasRoom = !this.#isFull && this.#connections.size < MAX_CONNECTIONS;
    const room = hasRoom ? this.places.room : 0;
    if (this.#gate !== undefined) this.#gate.open = room > 0;
    else if (mode === "delegate" && room > this.#promised) {
      this.#send({ kind: "room", places: room - this.#promised });
      this.#promised = room;
    }
  }

  #reachMaxRequests(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#send({ kind: "maxRequestsReached" });
  }
}

/** Reports the session whose cookie an answer sets, before the client has it. */
function announcing(respond: Responder, announce: (session: string) => void): Responder {
  return async (running) => {
    const response: unknown = await respond(running);
    const session = isResponse(response) ? sessionSetBy(response.headers) : undefined;
    if (session !== undefined) announce(session);
    return response as Response;
  };
}

function oneLine({ address, message }: GatewayError): string {
  const text =
    address === undefined || message.includes(address) ? message : `${address}: ${message}`;
  // A message may show what a client has sent.
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}
