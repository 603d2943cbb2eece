import type net from "node:net";
import { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { engine as defaultEngine } from "../engine/select.js";
import { addressOf, allowedPeers, isAllowed, listensOnTcp } from "../transport/node-listener.js";
import { type Application, connectionHandlerOf } from "./application.js";
import type { ConnectionOwner, ConnectionTimeouts, MachineOptions } from "./connection-owner.js";
import type { HandlerLike } from "./handler.js";
import type { OpenConnection, ServedConnection } from "./open-connection.js";
import {
  defaultMaxConnections,
  defaultMaxRequests,
  runnerOptionsOf,
  type ServeOptions,
  timeoutsOf,
} from "./options.js";
import { type ConnectionHandler, RawConnection } from "./raw-connection.js";
import { type Responder, responderOf } from "./responder.js";
import type { RunnerOptions } from "./run-request.js";
import { writeToStandardError } from "./standard-error.js";
import { Roster } from "./swap-list.js";

/** Counts since the server started. */
export interface ServerCounts {
  connections: number;
  requests: number;
  /** Requests that were refused because of `maxRequests`. */
  refused: number;
  /** Connections closed because their peer was not in `allowedPeers`, or could not be known. */
  denied: number;
  /** Failed handlers, and connections closed for a fault. */
  errors: number;
}

export interface GatewayServer {
  /** What it listens on: `unix:/run/app.sock`, `127.0.0.1:9000`, `scgi://127.0.0.1:4000`. */
  readonly address: string;
  /** Open connections. */
  readonly connections: number;
  /** Requests whose handler runs, or whose response is being sent. */
  readonly requests: number;
  readonly counts: Readonly<ServerCounts>;
  /**
   * Stops listening, lets requests that have begun be answered, and settles when every connection
   * is closed; those left after `timeout` milliseconds (default 10,000) are cut. May be called again.
   */
  close(timeout?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server of Node's whose connections are served. */
export class NodeGatewayServer implements GatewayServer, ConnectionOwner<ServedConnection> {
  readonly respond: Responder;
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly machineOptions: MachineOptions;
  readonly runnerOptions: RunnerOptions;
  readonly counts: ServerCounts = { connections: 0, requests: 0, refused: 0, denied: 0, errors: 0 };
  readonly #server: net.Server;
  readonly #open: OpenConnection;
  readonly #options: ServeOptions;
  readonly #maxRequests: number;
  readonly #allowed: ReadonlySet<string> | undefined;
  #isTcp: boolean | undefined;
  readonly #connectionHandler: ConnectionHandler | undefined;
  readonly #connections = new Roster<ServedConnection | RawConnection>();
  readonly #onConnection = (socket: net.Socket): void => this.#accept(socket);
  #address: string | undefined;
  #requests = 0;
  #closing: Promise<void> | undefined;
  /** Called when the last connection has closed. */
  #emptied: (() => void) | undefined;

  constructor(
    application: Application,
    server: net.Server,
    protocol: Protocol,
    open: OpenConnection,
    options: ServeOptions,
  ) {
    this.#connectionHandler = connectionHandlerOf(application);
    const hasHandler = this.#connectionHandler === undefined;
    this.respond = hasHandler ? responderOf(application as HandlerLike) : noRequests;
    this.protocol = protocol;
    this.engine = options.engine ?? defaultEngine();
    this.timeouts = timeoutsOf(options);
    this.machineOptions = options;
    this.runnerOptions = runnerOptionsOf(options);
    this.#server = server;
    this.#open = open;
    this.#options = options;
    this.#maxRequests = options.maxRequests ?? defaultMaxRequests;
    this.#allowed = options.allowedPeers ?? allowedPeers(process.env["FCGI_WEB_SERVER_ADDRS"]);
    server.maxConnections = options.maxConnections ?? defaultMaxConnections;
    server.on("connection", this.#onConnection);
  }

  get address(): string {
    if (this.#address === undefined) {
      const prefix = this.protocol === Protocol.FastCgi ? "" : `${this.protocol}://`;
      this.#address = prefix + addressOf(this.#server, this.#options.listen);
    }
    return this.#address;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get requests(): number {
    return this.#requests;
  }

  close(timeout = 10_000): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  servesPeer(socket: net.Socket): boolean {
    this.#isTcp ??= listensOnTcp(this.#server);
    const serves = isAllowed(socket, this.#allowed, this.#isTcp);
    if (!serves) this.counts.denied += 1;
    return serves;
  }

  admit(): boolean {
    if (this.#requests >= this.#maxRequests) {
      this.counts.refused += 1;
      return false;
    }
    this.counts.requests += 1;
    this.#requests += 1;
    return true;
  }

  released(): void {
    this.#requests -= 1;
  }

  closing(): void {}

  closed(connection: ServedConnection | RawConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  report(error: unknown): void {
    this.counts.errors += 1;
    this.#options.onError?.(error);
  }

  errorOutput(bytes: Uint8Array): void {
    const { onErrorOutput } = this.#options;
    if (onErrorOutput === undefined) writeToStandardError(bytes);
    else onErrorOutput(bytes);
  }

  #accept(socket: net.Socket): void {
    if (this.#allowed !== undefined && !this.servesPeer(socket)) {
      socket.destroy();
      return;
    }
    this.counts.connections += 1;
    const handler = this.#connectionHandler;
    this.#connections.add(
      handler === undefined ? this.#open(socket, this) : new RawConnection(socket, handler, this),
    );
  }

  async #close(timeout: number): Promise<void> {
    // Asked for now: a closed server has no address.
    void this.address;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      if (this.#connections.size === 0) resolve();
    });
    for (const connection of this.#connections) connection.drain();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, timeout);
    await Promise.all([closed, emptied]);
    clearTimeout(timer);
    this.#server.off("connection", this.#onConnection);
  }
}

/** Where an application takes whole connections. */
const noRequests: Responder = () => new Response(null, { status: 501 });
