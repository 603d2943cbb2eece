import type { Socket } from "node:net";
import type { ConnectionOwner, ConnectionService } from "./connection-owner.js";

/** What all connections of a server that accepts sockets share. */
export interface SocketService extends ConnectionService {
  /** Whether requests of this peer may run. HTTP asks this about peers without an address. */
  servesPeer(socket: Socket): boolean;
}

/** What a connection over a socket needs of the server that accepted it. */
export interface SocketOwner<Connection> extends ConnectionOwner<Connection> {
  readonly service: SocketService;
}
