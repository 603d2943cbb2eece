import net from "node:net";
import { encodeRequest } from "../../src/scgi/encode.js";
import { encodePacket } from "../../src/uwsgi/encode.js";
import { begin, endStdin, join, params } from "../fastcgi/records-of.js";

export const protocols = ["fcgi", "scgi", "uwsgi", "http"] as const;
export type ServedProtocol = (typeof protocols)[number];

/** The bytes of a whole GET request in a protocol. */
export function requestOf(protocol: ServedProtocol, path: string): Uint8Array {
  const variables = { REQUEST_METHOD: "GET", REQUEST_URI: path, SERVER_PROTOCOL: "HTTP/1.1" };
  switch (protocol) {
    case "fcgi":
      return join(begin(1), params(1, variables), endStdin(1));
    case "scgi":
      return encodeRequest(Object.entries(variables), 0);
    case "uwsgi":
      return encodePacket({ variables: Object.entries(variables) });
    case "http":
      return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }
}

/** Sends bytes and resets the connection at once, as SO_LINGER 0 does: no end, and no waiting. */
export async function sendAndReset(port: number, bytes: Uint8Array): Promise<void> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.once("connect", () => {
      socket.write(bytes);
      socket.resetAndDestroy();
    });
  });
}
