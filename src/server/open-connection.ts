import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import type { ConnectionOwner } from "./connection-owner.js";
import { ServerConnection } from "./gateway-connection.js";
import type { HttpConnection } from "./http/connection.js";
import { HttpParser, type HttpParserOptions } from "./http/node-parser.js";
import { serverMachineOf } from "./server-machines.js";

/** A connection that is served, in whatever protocol. */
export type ServedConnection = ServerConnection | HttpConnection;

/** Begins to serve a connection that has been accepted. */
export type OpenConnection = (
  socket: Socket,
  owner: ConnectionOwner<ServedConnection>,
) => ServedConnection;

/**
 * How connections of a protocol are served.
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
