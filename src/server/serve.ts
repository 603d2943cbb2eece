import type net from "node:net";
import { Protocol } from "../address.js";
import { checkObject } from "../arguments.js";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import { notify } from "../listeners.js";
import { checkWait } from "../numbers.js";
import { shownAs } from "../shown.js";
import { addressOf, listenOn } from "../transport/listen.js";
import { listenTarget } from "../transport/listen-address.js";
import { allowedPeers, isAllowed, listensOnTcp } from "./allowed-peers.js";
import { type Application, checkApplication, connectionHandlerOf } from "./application.js";
import type { ConnectionTimeouts, ServerMachineOptions } from "./connection-owner.js";
import { Connections } from "./connections.js";
import { writeToStandardError } from "./error-log.js";
import type { HandlerLike } from "./handler.js";
import { type OpenConnection, openerOf, type ServedConnection } from "./open-connection.js";
import { runnerOptionsOf, type ServeOptions } from "./options.js";
import { type ConnectionHandler, RawConnection } from "./raw-connection.js";
import { type Responder, type RunnerOptions, responderOf } from "./run-request.js";
import {
  checkServeOptions,
  defaultMaxConnections,
  defaultMaxRequests,
  timeoutsOf,
} from "./serving-options.js";
import type { SocketOwner, SocketService } from "./socket-owner.js";

/** Counts since the server started. */
export interface ServerCounts {
  /** Connections that were accepted. */
  connections: number;
  /** Requests whose handler was called. */
  requests: number;
  /** Requests that were refused because of `maxRequests`. */
  refused: number;
  /** Connections closed because their peer is not in `allowedPeers`, or has no known address. */
  denied: number;
  /** Handlers that failed, and connections closed for a fault. */
  errors: number;
}

/** A server that {@link serve} has started. */
export interface GatewayServer {
  /** The address it listens on: `unix:/run/app.sock`, `127.0.0.1:9000`, `scgi://127.0.0.1:4000`. */
  readonly address: string;
  /** The number of open connections. */
  readonly connections: number;
  /** The number of requests whose handler runs, or whose response is being sent. */
  readonly requests: number;
  /** Counts since the server started. The object is live: its values keep changing. */
  readonly counts: Readonly<ServerCounts>;
  /**
   * Stops listening, answers the requests that have begun, and resolves when every connection is
   * closed. Further calls return the same promise.
   *
   * @param timeout milliseconds after which the remaining connections are cut. Default: 10,000; 0
   * cuts them at once, and Infinity waits for all
   * @throws GatewayError `bad_input` for a negative timeout, or none: the server then goes on
   */
  close(timeout?: number): Promise<void>;
  /** Calls `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves an application behind a gateway protocol, or over HTTP. An application that takes whole
 * connections speaks a protocol of its own.
 *
 * @throws GatewayError `bad_address` or `permission_denied` when it cannot listen, `bad_input` for
 * a protocol that has no server, and for an option of the wrong kind
 * @throws TypeError that names a wrong argument
 */
export async function serve(
  application: Application,
  options: ServeOptions,
): Promise<GatewayServer> {
  checkApplication(application);
  checkObject("options", options);
  const { listen } = options;
  checkServeOptions(options);
  const target = listenTarget(listen);
  const named = "endpoint" in target ? target.protocol : Protocol.FastCgi;
  const protocol = options.protocol ?? named;
  const open = openerOf(protocol, { limits: options.limits, timeouts: timeoutsOf(options) });
  const listener = await listenOn(target, options);
  const server = new ApplicationServer(application, listener, protocol, open, options);
  return shownAs("GatewayServer", {
    get address() {
      return server.address;
    },
    get connections() {
      return server.connections;
    },
    get requests() {
      return server.requests;
    },
    counts: server.counts,
    close: (timeout) => server.close(timeout),
    [Symbol.asyncDispose]: () => server.close(),
  });
}

/** Serves the connections that a listener of Node's accepts. */
class ApplicationServer implements SocketService, SocketOwner<ServedConnection> {
  readonly service = this;
  readonly respond: Responder;
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly machineOptions: ServerMachineOptions;
  readonly runnerOptions: RunnerOptions;
  readonly counts: ServerCounts = { connections: 0, requests: 0, refused: 0, denied: 0, errors: 0 };
  readonly #listener: net.Server;
  readonly #open: OpenConnection;
  readonly #options: ServeOptions;
  readonly #maxRequests: number;
  readonly #allowed: ReadonlySet<string> | undefined;
  #isTcp: boolean | undefined;
  readonly #connectionHandler: ConnectionHandler | undefined;
  readonly #connections = new Connections<ServedConnection | RawConnection>();
  readonly #onConnection = (socket: net.Socket): void => this.#accept(socket);
  #address: string | undefined;
  #requests = 0;
  #closing: Promise<void> | undefined;

  constructor(
    application: Application,
    listener: net.Server,
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
    this.#listener = listener;
    this.#open = open;
    this.#options = options;
    this.#maxRequests = options.maxRequests ?? defaultMaxRequests;
    // FastCGI 1.0 §3.2.
    this.#allowed = options.allowedPeers ?? allowedPeers(process.env["FCGI_WEB_SERVER_ADDRS"]);
    listener.maxConnections = options.maxConnections ?? defaultMaxConnections;
    listener.on("connection", this.#onConnection);
  }

  get address(): string {
    if (this.#address === undefined) {
      const prefix = this.protocol === Protocol.FastCgi ? "" : `${this.protocol}://`;
      this.#address = prefix + addressOf(this.#listener, this.#options.listen);
    }
    return this.#address;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get requests(): number {
    return this.#requests;
  }

  async close(timeout = 10_000): Promise<void> {
    checkWait("timeout", timeout);
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  servesPeer(socket: net.Socket): boolean {
    this.#isTcp ??= listensOnTcp(this.#listener);
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
  }

  report(error: unknown): void {
    this.counts.errors += 1;
    notify(this.#options.onError, error);
  }

  errorOutput(bytes: Uint8Array): void {
    const { onErrorOutput } = this.#options;
    if (onErrorOutput === undefined) writeToStandardError(bytes);
    else notify(onErrorOutput, bytes);
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
    // Read now: a closed listener has no address.
    void this.address;
    const closed = new Promise<void>((resolve) => {
      this.#listener.close(() => resolve());
    });
    await Promise.all([closed, this.#connections.drain(timeout)]);
    this.#listener.off("connection", this.#onConnection);
  }
}

/** For an application that takes whole connections. */
const noRequests: Responder = () => new Response(null, { status: 501 });
