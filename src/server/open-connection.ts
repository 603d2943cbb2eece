import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { ServerConnection } from "./gateway-connection.js";
import type { HttpConnection } from "./http/connection.js";
import { HttpParser, type HttpParserOptions } from "./http/node-parser.js";
import { serverMachineOf } from "./server-machines.js";
import type { SocketOwner } from "./socket-owner.js";
import { SocketPeer } from "./socket-peer.js";

/** A connection whose requests are served, in any protocol. */
export type ServedConnection = ServerConnection | HttpConnection;

/** Starts to serve an accepted connection. */
export type OpenConnection = (
  socket: Socket,
  owner: SocketOwner<ServedConnection>,
) => ServedConnection;

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
  const { write } = options.timeouts;
  return (socket, owner) =>
    new ServerConnection(
      (handlers) => new SocketPeer(socket, handlers, write),
      owner,
      createMachine,
    );
}
