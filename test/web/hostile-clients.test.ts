import { once } from "node:events";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import { until } from "../harness/server-process.js";
import { dial, exchange, listenForTest, requestText } from "./listen-for-test.js";

/** More than twice what a listener keeps, in turns, as one process may have 1,024 descriptors. */
const ROUNDS = 40;
const IN_A_ROUND = 250;

describe("a listener under attack", () => {
  it("answers no more than eight requests that a client sends at once, and cuts it", async () => {
    let asked = 0;
    const { port } = await listenForTest(async () => {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return new Response("fine\n");
    });
    const greedy = dial(port);
    greedy.write(requestText("/").replace("close", "keep-alive").repeat(2_000));
    greedy.resume();
    await new Promise((resolve) => greedy.once("close", resolve));
    expect(asked).toBeLessThanOrEqual(8);
    const modest = requestText("/").replace("close", "keep-alive").repeat(7) + requestText("/");
    expect((await exchange(port, modest)).match(/fine/g)).toHaveLength(8);
  });

  it("answers 503 to what is more than 1,024 requests at once", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = 0;
    const { port } = await listenForTest(async () => {
      asked++;
      await held;
      return new Response("fine\n");
    });
    const pipelined = requestText("/").replace("close", "keep-alive").repeat(7) + requestText("/");
    const answers = Array.from({ length: 128 }, () => exchange(port, pipelined));
    await until(
      () => asked === 1_024,
      () => `${asked} requests came`,
    );
    expect(await exchange(port, requestText("/"))).toMatch(/^HTTP\/1.1 503 /);
    release();
    expect((await Promise.all(answers)).join("").match(/ 200 OK/g)).toHaveLength(1_024);
    expect(await exchange(port, requestText("/"))).toMatch(/^HTTP\/1.1 200 /);
  });

  it("answers scrapes while 10,000 idle connections come", async () => {
    const { port } = await listenForTest();
    const open: Socket[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const more = Array.from({ length: IN_A_ROUND }, () => dial(port));
      await Promise.all(more.map((socket) => socket.pending && once(socket, "connect")));
      open.push(...more);
      for (const socket of open.splice(0, Math.max(0, open.length - 600))) socket.destroy();
      expect(await exchange(port, requestText("/metrics"))).toContain("fine");
    }
    // The oldest were closed; the newest, which may yet ask, were not.
    const left = () => open.filter((socket) => !socket.closed);
    for (const socket of open) socket.resume();
    await until(
      () => left().length <= 512,
      () => `${left().length} connections are open`,
    );
    expect(open.at(-1)?.closed).toBe(false);
    for (const socket of open) socket.destroy();
  });

  it("answers scrapes while 600 connections send headers or bodies slowly", async () => {
    const { port } = await listenForTest();
    const open = Array.from({ length: 600 }, (_, index) => {
      const socket = dial(port);
      const length = index % 2 === 0 ? "Content-Length: 100\r\n\r\na" : "X: ";
      socket.write(`POST / HTTP/1.1\r\nHost: h\r\n${length}`);
      return socket;
    });
    await Promise.all(open.map((socket) => socket.pending && once(socket, "connect")));
    expect(await exchange(port, requestText("/metrics"))).toContain("fine");
    for (const socket of open) socket.destroy();
  });

  it("ends headers that do not come to an end within ten seconds, and keeps connections between requests", async () => {
    const { port } = await listenForTest();
    const kept = dial(port);
    kept.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const slow = dial(port);
    const from = performance.now();
    slow.write("GET / HTTP/1.1\r\nHost: h\r\n");
    const drip = setInterval(() => slow.write("X: y\r\n"), 500);
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    expect(performance.now() - from).toBeGreaterThan(9_900);
    kept.write(requestText("/metrics"));
    expect((await text(kept)).match(/^fine$/gm)).toHaveLength(2);
  });

  it("keeps connections that are being answered when idle ones come", async () => {
    let finish: () => void = () => {};
    const finished = new Promise<void>((done) => {
      finish = done;
    });
    let begun = 0;
    const { port } = await listenForTest(async () => {
      begun++;
      await finished;
      return new Response("kept\n");
    });
    const answer = exchange(port, requestText("/"));
    await until(
      () => begun === 1,
      () => "the request did not come",
    );
    const idle = Array.from({ length: 600 }, () => dial(port));
    await Promise.all(idle.map((socket) => socket.pending && once(socket, "connect")));
    finish();
    expect(await answer).toContain("kept");
    for (const socket of idle) socket.destroy();
  });

  it("cuts a client that does not read, and ends the handler's body", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let isCancelled = false;
      let pulled = 0;
      const { port } = await listenForTest(() => {
        const body = new ReadableStream(
          {
            pull: (controller) => {
              pulled++;
              controller.enqueue(new Uint8Array(262_144));
            },
            cancel: () => {
              isCancelled = true;
            },
          },
          { highWaterMark: 1 },
        );
        return new Response(body);
      });
      const socket = dial(port);
      socket.pause();
      socket.write(requestText("/"));
      // What the system's buffers hold comes first; then nothing more is made.
      let before = -1;
      while (pulled === 0 || pulled !== before) {
        before = pulled;
        await new Promise((resolve) => setInterval(resolve, 200).unref().ref());
      }
      await vi.advanceTimersByTimeAsync(10_000);
      await vi.waitUntil(() => isCancelled);
      socket.destroy();
    } finally {
      vi.useRealTimers();
    }
  });
});
