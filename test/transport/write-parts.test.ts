import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeParts } from "../../src/transport/node-socket.js";

const server = net.createServer();
let port = 0;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as net.AddressInfo).port;
});
afterAll(() => server.close());

/** @returns what arrives, and how many buffers it was written in */
async function written(parts: Uint8Array[]): Promise<{ bytes: Buffer; buffers: number }> {
  const accepted = once(server, "connection");
  const socket = net.connect({ port, host: "127.0.0.1" });
  const [peer] = (await accepted) as [net.Socket];
  let buffers = 0;
  const write = socket.write.bind(socket);
  socket.write = ((chunk: Uint8Array) => {
    buffers += 1;
    return write(chunk);
  }) as typeof socket.write;
  writeParts(socket, parts);
  socket.end();
  return { bytes: Buffer.concat(await peer.toArray()), buffers };
}

const part = (length: number, value: number) => new Uint8Array(length).fill(value);

describe("the parts of a write", () => {
  it.each([
    ["one by itself", [40_000], 1],
    ["short ones together", [8, 100, 4, 16], 1],
    ["up to 32,768 bytes together", [8, 32_752, 8], 1],
    ["a long one by itself, and what is short around it together", [8, 65_528, 8, 8], 3],
    ["long ones each by itself", [8, 65_528, 65_528, 2_000, 7, 1, 65_528], 6],
  ])("are written in order, %s", async (_what, lengths, buffers) => {
    const parts = lengths.map((length, index) => part(length, index + 1));
    const seen = await written(parts);
    expect(seen.buffers).toBe(buffers);
    expect(seen.bytes.equals(Buffer.concat(parts))).toBe(true);
  });
});
