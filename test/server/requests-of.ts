import net from "node:net";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { encodeRequest } from "../../src/scgi/client.js";
import { encodePacket } from "../../src/uwsgi/encode.js";
import { begin, endStdin, join, params, record } from "../fastcgi/records-of.js";

export const protocols = ["fcgi", "scgi", "uwsgi", "http"] as const;
export type ServedProtocol = (typeof protocols)[number];

const encoder = new TextEncoder();

/** The bytes of a request with these variables, and no others, in a gateway protocol. */
export function requestWith(
  protocol: Exclude<ServedProtocol, "http">,
  variables: Readonly<Record<string, string>>,
  body = "",
): Uint8Array {
  const content = encoder.encode(body);
  const counted = body === "" ? variables : { ...variables, CONTENT_LENGTH: `${content.length}` };
  switch (protocol) {
    case "fcgi":
      return join(
        begin(1, { keep: false }),
        params(1, counted),
        ...(body === "" ? [] : [record(RecordType.Stdin, 1, body)]),
        endStdin(1),
      );
    case "scgi":
      return join(encodeRequest(Object.entries(variables), content.length), content);
    case "uwsgi":
      return join(encodePacket({ variables: Object.entries(counted) }), content);
  }
}

/** The bytes of a whole GET request in a protocol. */
export function requestOf(protocol: ServedProtocol, path: string): Uint8Array {
  if (protocol === "http") return encoder.encode(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const variables = { REQUEST_METHOD: "GET", REQUEST_URI: path, SERVER_PROTOCOL: "HTTP/1.1" };
  return requestWith(protocol, variables);
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

/** Sends bytes, and returns all that it receives until the server closes. */
export async function sendAndRead(port: number, bytes: Uint8Array): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.write(bytes);
  let received = "";
  for await (const chunk of socket) received += (chunk as Buffer).toString("latin1");
  return received;
}
