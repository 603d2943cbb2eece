import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import {
  answering,
  closing,
  type FakeServer,
  greeting,
  httpRefusal,
  resetting,
  silent,
  startFakeServer,
  tlsAlert,
} from "./fake-server.js";
import { countOpenSockets } from "./processes.js";
import { until } from "./server-process.js";

describe("a fake server", () => {
  const bytes = Buffer.from("0123456789");

  async function talk(server: FakeServer, send: string): Promise<Buffer> {
    const socket = connect({ ...server.endpoint });
    socket.on("error", () => {});
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(send);
    await once(socket, "close");
    return Buffer.concat(chunks);
  }

  it.each(["unix", "tcp"] as const)(
    "answers in pieces over %s, and records what it received",
    async (listen) => {
      await using server = await startFakeServer(answering(bytes, 3), { listen });
      expect(await talk(server, "hello")).toEqual(bytes);
      expect(server.peers[0]?.received().toString()).toBe("hello");
      await server.allClosed();
      expect([server.accepted, server.open, server.errors]).toEqual([1, 0, []]);
    },
  );

  it("says who is still connected", async () => {
    await using server = await startFakeServer(silent);
    const sockets = countOpenSockets();
    const socket = connect({ ...server.endpoint });
    await until(
      () => server.open === 1,
      () => "not accepted",
    );
    expect(countOpenSockets()).toBe(sockets + 2);
    await expect(server.allClosed(20)).rejects.toThrow("1 of 1 connections are still open");
    socket.destroy();
    await server.allClosed();
    expect(countOpenSockets()).toBe(sockets);
  });

  it.each([
    ["HTTP", httpRefusal, "HTTP/1.1 400 Bad Request"],
    ["TLS", tlsAlert, "\x15\x03\x03\x00\x02\x02\x0a"],
    ["nothing", closing, ""],
  ])("speaks %s", async (_, script, start) => {
    await using server = await startFakeServer(script, { listen: "tcp" });
    const answer = (await talk(server, "hello")).toString("latin1");
    expect(answer.slice(0, start.length || 1)).toBe(start);
    await server.allClosed();
  });

  it("speaks first", async () => {
    await using server = await startFakeServer(greeting("SSH-2.0-x\r\n"), { listen: "tcp" });
    const socket = connect({ ...server.endpoint });
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString()).toBe("SSH-2.0-x\r\n");
    socket.destroy();
  });

  it.each([
    { listen: "tcp", isDeaf: false },
    { listen: "unix", isDeaf: true },
  ] as const)("breaks off over $listen", async (options) => {
    await using server = await startFakeServer(resetting, options);
    const socket = connect({ ...server.endpoint });
    socket.write("hello");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });

  it("leaves a writer with a full buffer when it is deaf", async () => {
    await using server = await startFakeServer(silent, { isDeaf: true });
    const socket = connect({ ...server.endpoint });
    socket.write(Buffer.alloc(8 * 1024 * 1024));
    await until(
      () => server.open === 1,
      () => "not accepted",
    );
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.destroy();
  });

  it("keeps what its script threw", async () => {
    await using server = await startFakeServer(async (peer) => void (await peer.receive(100)));
    const socket = connect({ ...server.endpoint });
    socket.end("short");
    await until(
      () => server.errors.length > 0,
      () => "no error",
    );
    expect(String(server.errors[0])).toContain("the peer left after 5 of 100 bytes");
  });
});
