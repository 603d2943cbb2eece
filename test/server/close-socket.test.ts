import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Ending } from "../../src/cgi/server-machine.js";
import { closeSocket } from "../../src/server/close-socket.js";
import { LINGER } from "../../src/server/peer.js";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Both ends of a connection over TCP. The client's end stays open when the server ends. */
async function connectedPair(): Promise<{ server: net.Socket; client: net.Socket }> {
  const listener = net.createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [server] = (await once(listener, "connection")) as [net.Socket];
  server.on("error", () => {});
  open.push(listener, { close: () => client.destroy() }, { close: () => server.destroy() });
  return { server, client };
}

/** What a client sees of a socket that is closed: what it reads, and how that ends. */
async function seenOf(ending: Ending, last?: Uint8Array) {
  const { server, client } = await connectedPair();
  let text = "";
  client.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  const end = Promise.race([
    once(client, "end").then(() => "end"),
    new Promise((resolve) =>
      client.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code)),
    ),
  ]);
  server.write("answer");
  closeSocket(server, ending, 1_000, last);
  return { end: await end, text, server, client };
}

describe("closing a socket", () => {
  it.each<Ending>(["finished", "lingering", "cut"])(
    "%s: ends after what was written",
    async (ending) => {
      expect(await seenOf(ending)).toMatchObject({ end: "end", text: "answer" });
    },
  );

  it("writes last bytes before the end", async () => {
    const last = Buffer.from(", and more");
    expect(await seenOf("lingering", last)).toMatchObject({ end: "end", text: "answer, and more" });
  });

  it("reset: resets after what was written", async () => {
    expect(await seenOf("reset")).toMatchObject({ end: "ECONNRESET", text: "answer" });
  });

  it.each<Ending>(["finished", "cut"])("%s: does not wait for the peer's end", async (ending) => {
    const { server } = await seenOf(ending);
    if (!server.closed) await once(server, "close");
    expect(server.destroyed).toBe(true);
  });

  it("lingering: reads what the peer still sends, and closes when the peer ends", async () => {
    const { server, client } = await seenOf("lingering");
    client.write("more of the request");
    await sleep(50);
    expect(server.destroyed).toBe(false);
    client.end();
    await once(server, "close");
  });

  it("lingering: closes after a while if the peer stays", async () => {
    const before = Date.now();
    const { server } = await seenOf("lingering");
    await once(server, "close");
    expect(Date.now() - before).toBeGreaterThanOrEqual(LINGER - 50);
  });
});
