import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** Serves HTTP on the loopback interface until the test ends. Returns the URL without a path. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return `http://127.0.0.1:${await listen(server, () => server.closeAllConnections())}`;
}

const tlsFile = (name: string) =>
  readFileSync(fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url)));

/**
 * The same over TLS, with a self-signed certificate for `www.example.com`.
 *
 * @param onServerName called with the name that a client sends for SNI
 */
export async function serveSecurely(
  listener: RequestListener,
  onServerName: (name: string | false | null) => void = () => {},
): Promise<string> {
  const files = { key: tlsFile("key"), cert: tlsFile("certificate") };
  const server = createSecureServer(files, listener);
  server.on("secureConnection", ({ servername }) => onServerName(servername));
  return `https://127.0.0.1:${await listen(server, () => server.closeAllConnections())}`;
}

/** Serves bytes: the test decides what is written to each connection. */
export async function serveBytes(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return `http://127.0.0.1:${await listen(server, destroyAll)}`;
}

async function listen(server: Server, closeConnections: () => void): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    closeConnections();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}
