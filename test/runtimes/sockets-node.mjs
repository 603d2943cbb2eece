// Connections of Node as pairs of Web Streams.
import net from "node:net";
import { Duplex } from "node:stream";

export const connect = (endpoint) => Duplex.toWeb(net.connect(endpoint));

export function listen(endpoint, accept) {
  // Half-open sockets would not show that the peer has closed its side.
  const server = net.createServer((socket) => accept(Duplex.toWeb(socket)));
  return new Promise((resolve) => server.listen(endpoint, resolve));
}
