import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiServer } from "../fastcgi/server.js";
import { createScgiServer } from "../scgi/server.js";
import { createUwsgiServer } from "../uwsgi/server.js";
import type { ConnectionOwner } from "./connection-owner.js";
import { type CreateServerMachine, ServerConnection } from "./gateway-connection.js";
import type { HttpConnection } from "./http/connection.js";
import { HttpParser, type HttpParserOptions } from "./http/node-parser.js";
import { defaultMaxConnections, defaultMaxRequests } from "./options.js";

/** A connection whose requests are served, in any protocol. */
export type ServedConnection = ServerConnection | HttpConnection;

/** Starts to serve an accepted connection. */
export type OpenConnection = (
  socket: Socket,
  owner: ConnectionOwner<ServedConnection>,
) => ServedConnection;

/** The machine of each gateway protocol that is served. HTTP has none: Node reads it. */
const machines = new Map<Protocol, CreateServerMachine>([
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
 * Chooses how connections of a protocol are served.
 *
 * @throws GatewayError `bad_input` for a protocol that has no server
 */
export function openerOf(protocol: Protocol, options: HttpParserOptions): OpenConnection {
  if (protocol === Protocol.Http) {
    const parser = new HttpParser(options);
    return (socket, owner) => parser.open(socket, owner);
  }
  const createMachine = serverMachineOf(protocol);
  return (socket, owner) => new ServerConnection(socket, owner, createMachine);
}

/**
 * Chooses the server's machine of a protocol.
 *
 * @throws GatewayError `bad_input` for a protocol that has no server
 */
export function serverMachineOf(protocol: Protocol): CreateServerMachine {
  const create = machines.get(protocol);
  if (create !== undefined) return create;
  throw new GatewayError(ErrorCode.BadInput, `the protocol ${protocol} has no server`);
}
