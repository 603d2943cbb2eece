import type net from "node:net";
import type { ServerHandlers, ServerMachine } from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { engine as defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiServer } from "../fastcgi/server.js";
import type { Limits } from "../limits.js";
import { createScgiServer } from "../scgi/server.js";
import { Protocol } from "../transport/address.js";
import { createUwsgiServer } from "../uwsgi/server.js";
import { type Handler, type HandlerLike, handlerOf } from "./handler.js";
import {
  addressOf,
  allowedPeers,
  type ListenOptions,
  type ListenTarget,
  listenOn,
  parseListenAddress,
} from "./node-listener.js";
import { type ConnectionHandler, RawConnection } from "./raw-connection.js";
import type { RunnerOptions } from "./request-runner.js";
import {
  type ConnectionOwner,
  type ConnectionTimeouts,
  ServerConnection,
} from "./server-connection.js";

/** Times are milliseconds, and 0 is for ever. */
export interface ServeOptions extends ListenOptions {
  listen: ListenTarget;
  /** Default: what the address says, else FastCGI. */
  protocol?: Protocol | undefined;
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  /**
   * Lets a connection carry several requests at once. Default false: FastCGI has no flow control
   * for one among several, so a request whose handler leaves more than `bodyBuffer` of its body
   * unread is then given up.
   */
  multiplex?: boolean | undefined;
  /** Connections at once; further ones are closed. Default 4,096. */
  maxConnections?: number | undefined;
  /** Requests at once; further ones are refused as overload. Default 1,024. */
  maxRequests?: number | undefined;
  /** Until a request's variables are complete. Default 10,000. */
  headerTimeout?: number | undefined;
  /** Between requests on a kept connection. Default 300,000, longer than front ends keep one. */
  idleTimeout?: number | undefined;
  /** Between pieces of a request's body. Default 60,000. */
  bodyTimeout?: number | undefined;
  /** Until the handler returns its response. Default 60,000. */
  responseTimeout?: number | undefined;
  /** That the front end may take nothing of a response. Default 60,000. */
  writeTimeout?: number | undefined;
  /** Bytes of a request's body that may wait for the handler. Default 262,144. */
  bodyBuffer?: number | undefined;
  /** IPv4 addresses that may connect over TCP. Default: FCGI_WEB_SERVER_ADDRS, else all. */
  allowedPeers?: ReadonlySet<string> | undefined;
  /** Hears of each failed handler, and of each connection that was closed for a fault. */
  onError?: ((error: unknown) => void) | undefined;
  /**
   * Takes what handlers write to their error stream where the protocol has none: SCGI and uwsgi.
   * Default: this process's standard error.
   */
  onErrorOutput?: ((bytes: Uint8Array) => void) | undefined;
  engine?: Engine | undefined;
}

/** Counts since the server started. */
export interface ServerCounts {
  connections: number;
  requests: number;
  /** Requests that were refused because of `maxRequests`. */
  refused: number;
  /** Connections closed because their peer was not in `allowedPeers`. */
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

/** What a server's machine is to know of the server. */
export type MachineOptions = Pick<
  ServeOptions,
  "limits" | "multiplex" | "maxConnections" | "maxRequests"
>;

export type CreateMachine = (
  handlers: ServerHandlers,
  options: MachineOptions,
  engine: Engine,
) => ServerMachine;

const defaultMaxConnections = 4_096;
const defaultMaxRequests = 1_024;

/** The machine of each protocol that is served. */
const machines = new Map<Protocol, CreateMachine>([
  [
    Protocol.FastCgi,
    (handlers, options, engine) =>
      new FastCgiServer(handlers, {
        limits: options.limits,
        multiplex: options.multiplex ?? false,
        maxConnections: options.maxConnections ?? defaultMaxConnections,
        maxRequests: options.maxRequests ?? defaultMaxRequests,
        engine,
      }),
  ],
  [Protocol.Scgi, (handlers, { limits }, engine) => createScgiServer(handlers, { limits, engine })],
  [
    Protocol.Uwsgi,
    (handlers, { limits }, engine) => createUwsgiServer(handlers, { limits, engine }),
  ],
]);

/**
 * What makes the server's machine of a protocol.
 *
 * @throws GatewayError `bad_input` for a protocol that has no server
 */
export function serverMachineOf(protocol: Protocol): CreateMachine {
  const create = machines.get(protocol);
  if (create !== undefined) return create;
  throw new GatewayError(ErrorCode.BadInput, `there is no server for the protocol ${protocol}`);
}

/**
 * What is served: a handler of requests, or, a level below, of connections. An object with several
 * is served by its lowest: `connection`, then `streams`, then `fetch`.
 */
export type Application = HandlerLike | { connection: ConnectionHandler };

/**
 * Serves an application behind a gateway protocol. One that takes connections speaks its protocol
 * itself.
 *
 * @throws GatewayError `bad_address` or `permission_denied` when it cannot listen, `bad_input` for
 * a protocol that has no server
 */
export async function serve(
  application: Application,
  options: ServeOptions,
): Promise<GatewayServer> {
  const { listen } = options;
  const target = typeof listen === "string" ? parseListenAddress(listen) : listen;
  const named = "endpoint" in target ? target.protocol : Protocol.FastCgi;
  const protocol = options.protocol ?? named;
  const createMachine = serverMachineOf(protocol);
  const server = await listenOn(target, options);
  return new NodeGatewayServer(application, server, protocol, createMachine, options);
}

class NodeGatewayServer implements GatewayServer, ConnectionOwner {
  readonly handler: Handler;
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly runnerOptions: RunnerOptions;
  readonly counts: ServerCounts = { connections: 0, requests: 0, refused: 0, denied: 0, errors: 0 };
  readonly #server: net.Server;
  readonly #createMachine: CreateMachine;
  readonly #options: ServeOptions;
  readonly #maxRequests: number;
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #connectionHandler: ConnectionHandler | undefined;
  readonly #connections = new Set<ServerConnection | RawConnection>();
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
    createMachine: CreateMachine,
    options: ServeOptions,
  ) {
    if (typeof application === "object" && "connection" in application) {
      this.#connectionHandler = (...accepted) => application.connection(...accepted);
      this.handler = noRequests;
    } else {
      this.handler = handlerOf(application);
    }
    this.protocol = protocol;
    this.engine = options.engine ?? defaultEngine();
    this.timeouts = {
      header: options.headerTimeout ?? 10_000,
      idle: options.idleTimeout ?? 300_000,
      write: options.writeTimeout ?? 60_000,
    };
    this.runnerOptions = {
      bodyBuffer: options.bodyBuffer ?? 262_144,
      bodyTimeout: options.bodyTimeout ?? 60_000,
      responseTimeout: options.responseTimeout ?? 60_000,
    };
    this.#server = server;
    this.#createMachine = createMachine;
    this.#options = options;
    this.#maxRequests = options.maxRequests ?? defaultMaxRequests;
    this.#allowed = options.allowedPeers ?? allowedPeers(process.env["FCGI_WEB_SERVER_ADDRS"]);
    server.maxConnections = options.maxConnections ?? defaultMaxConnections;
    server.on("connection", this.#onConnection);
  }

  get address(): string {
    if (this.#address === undefined) {
      const prefix = this.protocol === Protocol.FastCgi ? "" : `${this.protocol}://`;
      this.#address = prefix + addressOf(this.#server);
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

  createMachine(handlers: ServerHandlers): ServerMachine {
    return this.#createMachine(handlers, this.#options, this.engine);
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

  closed(connection: ServerConnection | RawConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  report(error: unknown): void {
    this.counts.errors += 1;
    this.#options.onError?.(error);
  }

  errorOutput(bytes: Uint8Array): void {
    const { onErrorOutput } = this.#options;
    if (onErrorOutput === undefined) process.stderr.write(bytes);
    else onErrorOutput(bytes);
  }

  #accept(socket: net.Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress !== undefined && this.#allowed?.has(plainIPv4(remoteAddress)) === false) {
      this.counts.denied += 1;
      socket.destroy();
      return;
    }
    this.counts.connections += 1;
    const handler = this.#connectionHandler;
    this.#connections.add(
      handler === undefined
        ? new ServerConnection(socket, this)
        : new RawConnection(socket, handler, this),
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
const noRequests: Handler = () => new Response(null, { status: 501 });

/** An IPv4 address that a socket of both families shows as IPv6. */
function plainIPv4(address: string): string {
  return address.replace(/^::ffff:/i, "");
}
