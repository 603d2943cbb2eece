import { Protocol } from "../address.js";
import { checkObject } from "../arguments.js";
import { utf8 } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import { notify } from "../listeners.js";
import { checkStreams } from "../transport/web-streams.js";
import type {
  ConnectionOwner,
  ConnectionService,
  ConnectionTimeouts,
  ServerMachineOptions,
} from "./connection-owner.js";
import { type CreateServerMachine, ServerConnection } from "./gateway-connection.js";
import { checkHandler, type HandlerLike } from "./handler.js";
import { type Responder, type RunnerOptions, responderOf } from "./run-request.js";
import { serverMachineOf } from "./server-machines.js";
import {
  checkServeOptions,
  defaultMaxRequests,
  requestOptionsOf,
  type ServingOptions,
  timeoutsOf,
} from "./serving-options.js";
import { type AcceptedStreams, StreamPeer } from "./stream-peer.js";

/** Options of `serveOver`. `maxRequests` counts the requests of the one connection. */
export interface ServeOverOptions extends ServingOptions {
  /** The protocol to serve. Default: FastCGI. */
  protocol?: Exclude<Protocol, typeof Protocol.Cgi | typeof Protocol.Http> | undefined;
  /** Closes the connection after the requests that have begun. */
  signal?: AbortSignal | undefined;
}

/**
 * Serves an application over one accepted connection, such as one of `Deno.listen()`. Closes it at
 * its end.
 *
 * Who may connect is up to the listener. Errors of handlers and of the peer go to `onError`.
 *
 * @returns resolves when the connection is closed and every handler has returned; never rejects
 * because of the peer or of the handler
 * @throws GatewayError `bad_input` for an option of the wrong kind, and for a protocol that has no
 * server; TypeError that names a wrong argument, and for streams that are locked
 */
export async function serveOver(
  streams: AcceptedStreams,
  handler: HandlerLike,
  options: ServeOverOptions = {},
): Promise<void> {
  checkStreams(streams);
  checkHandler("handler", handler);
  checkObject("options", options);
  checkServeOptions(options);
  const { protocol = Protocol.FastCgi, signal } = options;
  const createMachine = serverMachineOf(protocol);
  const server = new StreamServer(streams, handler, protocol, createMachine, options);
  const drain = (): void => server.drain();
  signal?.addEventListener("abort", drain);
  if (signal?.aborted === true) drain();
  await server.done;
  signal?.removeEventListener("abort", drain);
}

/** The server of one connection. */
class StreamServer implements ConnectionService, ConnectionOwner<ServerConnection> {
  readonly service = this;
  readonly respond: Responder;
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly machineOptions: ServerMachineOptions;
  readonly runnerOptions: RunnerOptions;
  /** Resolves when the connection is closed and no handler runs. */
  readonly done: Promise<void>;
  readonly #options: ServeOverOptions;
  readonly #connection: ServerConnection;
  #requests = 0;
  #isClosed = false;
  #resolve!: () => void;

  constructor(
    streams: AcceptedStreams,
    handler: HandlerLike,
    protocol: Protocol,
    createMachine: CreateServerMachine,
    options: ServeOverOptions,
  ) {
    this.respond = responderOf(handler);
    this.protocol = protocol;
    this.engine = options.engine ?? defaultEngine();
    this.timeouts = timeoutsOf(options);
    this.machineOptions = options;
    this.runnerOptions = requestOptionsOf(options);
    this.#options = options;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { write } = this.timeouts;
    this.#connection = new ServerConnection(
      (handlers) => new StreamPeer(streams, handlers, write, (error) => this.report(error)),
      this,
      createMachine,
    );
  }

  drain(): void {
    this.#connection.drain();
  }

  admit(): boolean {
    if (this.#requests >= (this.#options.maxRequests ?? defaultMaxRequests)) return false;
    this.#requests += 1;
    return true;
  }

  released(): void {
    this.#requests -= 1;
    this.#settle();
  }

  closing(): void {}

  closed(): void {
    this.#isClosed = true;
    this.#settle();
  }

  report(error: unknown): void {
    notify(this.#options.onError, error);
  }

  errorOutput(bytes: Uint8Array): void {
    const { onErrorOutput } = this.#options;
    if (onErrorOutput === undefined) console.error(utf8(bytes).trimEnd());
    else notify(onErrorOutput, bytes);
  }

  #settle(): void {
    if (this.#isClosed && this.#requests === 0) this.#resolve();
  }
}
