import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { defaultLimits, type Limits } from "../../limits.js";
import { allowHalfOpenHttp } from "../../transport/node-internals.js";
import type { ConnectionOwner, ConnectionTimeouts } from "../connection-owner.js";
import { HttpConnection } from "./connection.js";

export interface HttpParserOptions {
  limits?: Partial<Pick<Limits, "variables">> | undefined;
  timeouts: ConnectionTimeouts;
}

/** Node's own parser of HTTP, for connections that others have accepted. */
export class HttpParser {
  /** Never listens. */
  readonly #server: Server;
  readonly #connections = new WeakMap<object, HttpConnection>();

  constructor({ limits, timeouts }: HttpParserOptions) {
    const server = createServer({
      maxHeaderSize: limits?.variables ?? defaultLimits.variables,
      keepAliveTimeout: timeouts.idle,
    });
    // Beyond its own limit of 2,000 Node would drop fields without a word.
    server.maxHeadersCount = 0;
    allowHalfOpenHttp(server);
    server.on("request", (incoming, response) => {
      this.#connections.get(incoming.socket)?.arrived(incoming, response);
    });
    server.on("clientError", (error, socket) => this.#connections.get(socket)?.broken(error));
    // As the other protocols do: a Request cannot have this method.
    server.on("connect", (_incoming, socket) => this.#connections.get(socket)?.refuse(501));
    this.#server = server;
  }

  /** Serves a connection. */
  open(socket: Socket, owner: ConnectionOwner<HttpConnection>): HttpConnection {
    const connection = new HttpConnection(socket, owner);
    this.#connections.set(socket, connection);
    this.#server.emit("connection", socket);
    return connection;
  }
}
