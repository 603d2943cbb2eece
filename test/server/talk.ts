import type { GatewayServer } from "../../src/server/serve.js";
import { bytes } from "../bytes.js";
import { Peer } from "../harness/peer.js";

/** The port of a server on the loopback address. */
export const portOf = ({ address }: GatewayServer) => Number(/:(\d+)$/.exec(address)?.[1]);

/** The bytes of an SCGI request with a body, which may be shorter than it says. */
export const scgi = (body: string, length = body.length) => {
  const headers = `CONTENT_LENGTH\0${length}\0SCGI\x001\0REQUEST_METHOD\0POST\0`;
  return bytes(`${headers.length}:${headers},${body}`);
};

/** Sends bytes, and reads until the server closes. `half` closes the sending side first. */
export async function talk(
  server: GatewayServer,
  sent: Uint8Array | string,
  { half = false } = {},
): Promise<{ answer: string; reset: boolean }> {
  const peer = new Peer(server.address).send(sent);
  if (half) peer.socket.end();
  const answer = await peer.closed();
  peer.socket.end();
  return { answer, reset: peer.error === "ECONNRESET" };
}
