import { existsSync, readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startFakeServer } from "../harness/fake-server.js";
import { makeFolder, until } from "../harness/server-process.js";
import { startTapping } from "./tapping.js";

const wire = new URL("../fixtures/wire/", import.meta.url);
const names = readdirSync(wire).filter((name) => name.endsWith(".c2s.bin"));
const fixture = (name: string): Buffer => readFileSync(new URL(name, wire));

/** A capture's request, and the response that belongs to it or another one. */
const captures = names.map((name) => {
  const answer = name.replace(".c2s.", ".s2c.");
  return { name, sent: fixture(name), received: fixture(names.includes(answer) ? answer : name) };
});

/** Pieces of random lengths, from one byte on. */
function cut(bytes: Buffer, seed: number): Buffer[] {
  const pieces: Buffer[] = [];
  let state = seed;
  for (let at = 0; at < bytes.length; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const length = 1 + ((state >>> 8) % (state % 3 === 0 ? 9 : 4_000));
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

async function write(socket: net.Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Everything that a socket receives until the end of file. */
function received(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks)));
    socket.on("error", reject);
  });
}

const SCGI = "24:CONTENT_LENGTH\x000\0SCGI\x001\0,";

/** A backend that ends its half of a connection when it likes. */
async function startHalfOpen(serve: (socket: net.Socket) => void) {
  const path = join(makeFolder(), "app.sock");
  const server = net.createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { address: `unix:${path}`, [Symbol.asyncDispose]: close };
}

const protocolOf = (name: string) =>
  name.includes("-scgi") ? "scgi://" : name.includes("-uwsgi") ? "uwsgi://" : "";

describe("the bytes of a tap", () => {
  it.each(captures.map((capture, seed) => [capture.name, capture, seed] as const))(
    "are unchanged, however they are cut: %s",
    async (name, { sent, received: answer }, seed) => {
      await using backend = await startFakeServer(async (peer) => {
        await peer.receive(sent.length);
        await write(peer.socket, cut(answer, seed + 7));
        peer.end();
      });
      await using tapping = await startTapping(`${protocolOf(name)}${backend.address}`);
      const client = net.connect({ path: tapping.path, allowHalfOpen: true });
      const got = received(client);
      await write(client, cut(sent, seed + 1));
      expect((await got).equals(answer)).toBe(true);
      expect(backend.peers[0]?.received().equals(sent)).toBe(true);
      client.end();
      await until(
        () => tapping.tap.connections === 0,
        () => "the connection is open",
      );
    },
  );

  it("pass after bytes of no known protocol, which are not watched", async () => {
    const noise = Buffer.alloc(200_000, "no records");
    await using backend = await startFakeServer(async (peer) => {
      await peer.receive(noise.length);
      await peer.send(noise);
      peer.end();
    });
    await using tapping = await startTapping(backend.address);
    const client = net.connect({ path: tapping.path });
    client.write(noise);
    expect((await received(client)).equals(noise)).toBe(true);
    expect(tapping.notes).toEqual([
      "connection 1 is not watched any more: no FastCGI record at byte 0",
    ]);
  });

  it("reach a client that reads slowly, without being held in memory", async () => {
    const length = 20_000_000;
    await using backend = await startFakeServer((peer) => {
      peer.socket.end(Buffer.alloc(length, "abc"));
    });
    await using tapping = await startTapping(`scgi://${backend.address}`);
    const client = net.connect({ path: tapping.path });
    client.pause();
    client.write("0:,");
    await until(
      () => backend.peers.length === 1,
      () => "no connection",
    );
    const peer = backend.peers[0]?.socket as net.Socket;
    await until(
      () => peer.writableLength > 0,
      () => "nothing was written",
    );
    // What the client does not read waits in the backend.
    expect(peer.writableLength).toBeGreaterThan(length / 2);
    const all = received(client);
    client.resume();
    expect((await all).equals(Buffer.alloc(length, "abc"))).toBe(true);
  });
});

describe("the ends of connections", () => {
  it("pass on a half-close of the client, and the answer after it", async () => {
    await using backend = await startHalfOpen((socket) => {
      socket.once("end", () => socket.end("Status: 200 OK\r\n\r\nlate")).resume();
    });
    await using tapping = await startTapping(`scgi://${backend.address}`);
    const client = net.connect({ path: tapping.path, allowHalfOpen: true });
    const got = received(client);
    client.end(SCGI);
    expect((await got).toString()).toBe("Status: 200 OK\r\n\r\nlate");
    const [request] = await tapping.ended(1);
    expect(request).toMatchObject({ status: 200, outcome: "complete", received: 22 });
  });

  it("pass on a half-close of the backend, and what the client sends after it", async () => {
    let text = "";
    await using backend = await startHalfOpen((socket) => {
      socket.end();
      socket.on("data", (chunk) => {
        text += chunk;
      });
    });
    await using tapping = await startTapping(`scgi://${backend.address}`);
    const client = net.connect({ path: tapping.path, allowHalfOpen: true });
    await received(client);
    client.end("later");
    await until(
      () => text === "later",
      () => "nothing has arrived",
    );
    await until(
      () => tapping.tap.connections === 0,
      () => "the connection is open",
    );
  });

  it("pass on a reset of TCP as a reset", async () => {
    await using backend = await startFakeServer(
      async (peer) => {
        await peer.receive(1);
        await peer.send("Status: 200 OK\r\n\r\nhalf");
        setTimeout(() => peer.reset(), 50);
      },
      { listen: "tcp" },
    );
    await using tapping = await startTapping(`scgi://${backend.address}`, { at: "127.0.0.1:0" });
    const client = net.connect(Number(tapping.tap.address.split(":")[1]), "127.0.0.1");
    client.write(SCGI);
    await expect(received(client)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await tapping.ended(1))[0]?.outcome).toBe("truncated");
  });

  it("let the backend see that a client has left", async () => {
    await using backend = await startFakeServer(() => {});
    await using tapping = await startTapping(backend.address);
    const client = net.connect({ path: tapping.path });
    client.write(fixture("apache-fpm--get--001.c2s.bin"));
    await until(
      () => tapping.tap.requests === 1,
      () => "no request",
    );
    client.destroy();
    await until(
      () => backend.peers[0]?.socket.readableEnded === true,
      () => "no end of file",
    );
    backend.peers[0]?.end();
    expect((await tapping.ended(1))[0]?.outcome).toBe("aborted");
  });
});

describe("a tap that stops", () => {
  it("lets open requests end, closes idle connections, and removes its socket", async () => {
    await using backend = await startFakeServer(() => {});
    const tapping = await startTapping(`scgi://${backend.address}`);
    const busy = net.connect({ path: tapping.path });
    const idle = net.connect({ path: tapping.path });
    const [answer, nothing] = [received(busy), received(idle)];
    busy.write(SCGI);
    await until(
      () => tapping.tap.requests === 1 && backend.peers.length === 2,
      () => "no request",
    );
    const stopped = tapping.tap.stop(60_000);
    expect((await nothing).length).toBe(0);
    expect(existsSync(tapping.path)).toBe(false);
    await until(
      () => tapping.tap.connections === 1,
      () => "both are open",
    );
    const peer = backend.peers.find((each) => each.received().length > 0);
    await peer?.send("Status: 200 OK\r\n\r\n");
    peer?.end();
    expect((await answer).toString()).toBe("Status: 200 OK\r\n\r\n");
    busy.end();
    await stopped;
    expect(tapping.requests).toHaveLength(1);
  });

  it("closes what is left after its time", async () => {
    await using backend = await startFakeServer(() => {});
    const tapping = await startTapping(backend.address);
    const client = net.connect({ path: tapping.path });
    const answer = received(client);
    client.write(fixture("apache-fpm--get--001.c2s.bin"));
    await until(
      () => tapping.tap.requests === 1,
      () => "no request",
    );
    await tapping.tap.stop(50);
    expect((await answer).length).toBe(0);
    expect(tapping.requests[0]?.outcome).toBe("aborted");
  });

  it("lets no more connections in than it may have at once", async () => {
    await using backend = await startFakeServer(() => {});
    await using tapping = await startTapping(backend.address, { connections: 2 });
    const clients = [1, 2, 3].map(() => net.connect({ path: tapping.path }));
    await until(
      () => backend.accepted === 2,
      () => "no connections",
    );
    expect(tapping.tap.connections).toBe(2);
    clients[0]?.destroy();
    await until(
      () => backend.accepted === 3,
      () => "the third does not get in",
    );
    for (const client of clients) client.destroy();
  });
});
