import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { ErrorCode, GatewayError } from "../../errors.js";
import { defaultLimits, type Limits } from "../../limits.js";
import { allowHalfOpenHttp } from "../../transport/node-internals.js";
import type { ConnectionTimeouts } from "../connection-owner.js";
import type { SocketOwner } from "../socket-owner.js";
import { endInside, HttpConnection } from "./connection.js";

export interface HttpParserOptions {
  limits?: Partial<Pick<Limits, "variables">> | undefined;
  timeouts: ConnectionTimeouts;
}

/** Node's own parser of HTTP, for connections that were accepted elsewhere. */
export class HttpParser {
  /** It never listens: accepted connections are handed to it. */
  readonly #server: Server;
  readonly #connections = new WeakMap<object, HttpConnection>();

  constructor({ limits, timeouts }: HttpParserOptions) {
    const server = createServer({
      maxHeaderSize: limits?.variables ?? defaultLimits.variables,
      keepAliveTimeout: timeouts.idle,
    });
    // With its default of 2,000, Node drops further fields silently.
    server.maxHeadersCount = 0;
    allowHalfOpenHttp(server);
    server.on("request", (incoming, response) => {
      this.#connections.get(incoming.socket)?.arrived(incoming, response);
    });
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      const { code = "" } = error;
      const status = code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
      if (!code.startsWith("HPE_")) socket.destroy();
      else this.#connections.get(socket)?.broken(parserError(error), status);
    });
    // A Request cannot have the method CONNECT: 501, as in the other protocols.
    server.on("connect", (_incoming, socket) => this.#connections.get(socket)?.refuse(501));
    this.#server = server;
  }

  /** Serves a connection. */
  open(socket: Socket, owner: SocketOwner<HttpConnection>): HttpConnection {
    const connection = new HttpConnection(socket, owner);
    this.#connections.set(socket, connection);
    this.#server.emit("connection", socket);
    return connection;
  }
}

/** The error for bytes that Node's parser has refused. */
function parserError(error: NodeJS.ErrnoException): GatewayError {
  const { code, message } = error;
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") {
    return new GatewayError(ErrorCode.LimitExceeded, `an HTTP request is too large: ${message}`, {
      cause: error,
    });
  }
  if (code === "HPE_INVALID_EOF_STATE") return endInside();
  return new GatewayError(
    ErrorCode.Malformed,
    `the bytes received are not an HTTP request: ${message}`,
    {
      cause: error,
      hint: "the client speaks another protocol, or TLS, or breaks HTTP's rules",
    },
  );
}
