import type net from "node:net";
import { type Address, type ListenAddress, Protocol, socketEndpoint } from "../address.js";
import { targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultTimeout } from "../limits.js";
import { connectError } from "../transport/connect-error.js";
import { addressOf, listenOn } from "../transport/listen.js";
import { parseListenAddress } from "../transport/listen-address.js";
import { type AcceptedHandle, acceptHandles } from "../transport/node-internals.js";
import { connectOptions } from "../transport/node-socket.js";
import type { SocketPermissionOptions } from "../transport/socket-permissions.js";
import { loopTest } from "./loop.js";
import { ReadBuffers } from "./read-buffers.js";
import { socketAccess, whoMayConnect } from "./socket-access.js";
import type { TapHandlers } from "./tapped-connection.js";
import { TappedConnection } from "./tapped-connection.js";
import type { TappedProtocol } from "./tapped-request.js";

/** Without permissions, a unix socket takes those of the backend's, where this user may give them. */
export interface TapOptions extends SocketPermissionOptions {
  /** Where front ends connect to. */
  listen: string;
  /** The backend, with its protocol: FastCGI, SCGI or uwsgi. */
  to: string;
  /** Connections at a time. 4,096 more may wait; further ones are closed. Default: 1,024. */
  connections?: number | undefined;
  /** Milliseconds that a connection to the backend may take to open. Default: 5,000. */
  connectTimeout?: number | undefined;
}

/** A tap that runs. */
export interface Tap {
  /** Where it listens, in the form of an address, without the protocol. */
  readonly address: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Requests that have begun and not ended. */
  readonly requests: number;
  /**
   * Stops accepting, removes its socket, closes connections without a request, and waits until the
   * requests of the others have ended. May be called again, with less time.
   *
   * @param drain milliseconds after which all connections are closed
   */
  stop(drain: number): Promise<void>;
}

/**
 * Listens, and passes all bytes of each connection on to the backend and back, unchanged. A note says
 * who may connect to a unix socket that could not take the permissions of the backend's.
 *
 * @throws GatewayError `bad_address` when it cannot listen, or an address is invalid, is that of a
 * program or of HTTP, or both are the same; `permission_denied`; `bad_input` for invalid permissions
 */
export async function startTap(options: TapOptions, handlers: TapHandlers): Promise<Tap> {
  const { connections = 1_024, connectTimeout = defaultTimeout } = options;
  const listen = parseListenAddress(options.listen);
  const to = targetAddress(options.to);
  const protocol = tappedProtocol(options.to);
  checkSides(listen, to);
  const endpoint = socketEndpoint(to);
  const target = connectOptions(endpoint);
  const access = socketAccess(options, to);
  const leadsTo = await loopTest(endpoint);
  const server = await listenOn(listen, access);
  if (leadsTo(server)) {
    server.close();
    throw tapsItself(to);
  }
  const who = access === undefined ? whoMayConnect(listen) : undefined;
  if (who !== undefined) handlers.note(who);
  return new RunningTap(
    server,
    listen,
    connections,
    (handle, number, buffers, onClosed) => {
      const explain = (error: Error) => connectError(error, endpoint).with({ address: to.text });
      const place = { target, connectTimeout, explain, protocol };
      return new TappedConnection(handle, number, place, buffers, handlers, onClosed);
    },
    handlers,
  );
}

/**
 * The protocol of the address of a backend.
 *
 * @throws GatewayError `bad_address` for an invalid address, and for a program
 */
export function tappedProtocol(to: string): TappedProtocol {
  const { protocol, text } = targetAddress(to);
  if (protocol !== Protocol.Cgi) return protocol;
  throw notTapped(text);
}

function notTapped(address: string): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, "a tap is between a front end and a socket", {
    address,
    hint: "give the address of a FastCGI, SCGI or uwsgi server, as in unix:/run/php/www.sock",
  });
}

function checkSides(listen: ListenAddress, to: Address): void {
  if (listen.protocol === Protocol.Http) throw notTapped(listen.text);
  if (JSON.stringify(listen.endpoint) === JSON.stringify(to.endpoint)) throw tapsItself(to);
}

function tapsItself(to: Address): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, "the tap would connect to itself", {
    address: to.text,
    hint: "let it listen on an address of its own, and point the front end to that",
  });
}

type OpenConnection = (
  handle: AcceptedHandle,
  number: number,
  buffers: ReadBuffers,
  onClosed: (connection: TappedConnection) => void,
) => TappedConnection;

/** Accepted connections that wait for others to end. */
const MAX_WAITING = 4_096;

class RunningTap implements Tap {
  readonly address: string;
  readonly #server: net.Server;
  readonly #limit: number;
  readonly #openConnection: OpenConnection;
  readonly #open = new Set<TappedConnection>();
  readonly #note: TapHandlers["note"];
  #waiting: AcceptedHandle[] = [];
  readonly #buffers = new ReadBuffers();
  #accepted = 0;
  #isStopping = false;
  /** Resolved by `#onEmpty`, when the last connection is closed. */
  #empty: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(
    server: net.Server,
    listen: ListenAddress,
    limit: number,
    openConnection: OpenConnection,
    handlers: TapHandlers,
  ) {
    this.address = addressOf(server, listen);
    this.#server = server;
    this.#limit = limit;
    this.#openConnection = openConnection;
    this.#note = (text) => handlers.note(text);
    acceptHandles(
      server,
      (handle) => this.#accept(handle),
      (error) => handlers.note(`a connection could not be accepted: system error ${-error}`),
    );
  }

  get connections(): number {
    return this.#open.size;
  }

  get requests(): number {
    let count = 0;
    for (const connection of this.#open) count += connection.requests;
    return count;
  }

  async stop(drain: number): Promise<void> {
    this.#isStopping = true;
    this.#server.close();
    for (const handle of this.#waiting.splice(0)) handle.close();
    for (const connection of this.#open) connection.closeWhenIdle();
    if (this.#open.size === 0) return;
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy();
    }, drain);
    this.#empty ??= new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
    await this.#empty;
    clearTimeout(timer);
  }

  #accept(handle: AcceptedHandle): void {
    if (this.#open.size < this.#limit && !this.#isStopping) {
      const closed = (connection: TappedConnection) => this.#closed(connection);
      this.#open.add(this.#openConnection(handle, ++this.#accepted, this.#buffers, closed));
    } else if (this.#waiting.length < MAX_WAITING && !this.#isStopping) {
      this.#waiting.push(handle);
    } else {
      handle.close();
      if (!this.#isStopping) this.#note(`a connection was closed: ${MAX_WAITING} others wait`);
    }
  }

  #closed(connection: TappedConnection): void {
    this.#open.delete(connection);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#accept(next);
    else if (this.#open.size === 0) this.#onEmpty?.();
  }
}
