import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Peer } from "../harness/peer.js";
import { freePort } from "../harness/ports.js";
import { until } from "../harness/server-process.js";
import { type Master, startMaster } from "./master.js";

const peers: Peer[] = [];
afterEach(() => {
  for (const { socket } of peers.splice(0)) socket.destroy();
});

function connect(master: Master): Peer {
  const peer = new Peer(master.address);
  peers.push(peer);
  return peer;
}

const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async function ask(master: Master): Promise<number> {
  const began = performance.now();
  expect(await connect(master).send(request).closed(15_000)).toMatch(/^HTTP\/1\.1 200 /);
  return performance.now() - began;
}

describe.each(["shared", "delegate"])("S1 a silent connection over HTTP: %s", (mode) => {
  async function start(...args: string[]): Promise<Master> {
    const listen = `http://127.0.0.1:${await freePort()}`;
    return startMaster(["--mode", mode, "--workers", "1", ...args], { listen });
  }

  it("holds no place of a worker", async () => {
    await using master = await start();
    for (let at = 0; at < 20; at++) connect(master);
    await sleep(50);
    expect(await ask(master)).toBeLessThan(2_000);
  });

  it("is served when it sends requests, one after the other", async () => {
    await using master = await start();
    const silent = [connect(master), connect(master), connect(master)];
    await sleep(200);
    for (const peer of silent) {
      peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await peer.has(/hello/);
      peer.send(request);
    }
    for (const peer of silent) expect(await peer.closed()).toMatch(/hello.*hello$/s);
    expect(await ask(master)).toBeLessThan(2_000);
  });

  it("takes its place at the first byte, and keeps it while the head arrives", async () => {
    await using master = await start();
    const slow = connect(master);
    await sleep(200);
    slow.send("GET / HT");
    await sleep(100);
    const other = connect(master).send(request);
    await sleep(300);
    expect(other.received).toBe("");
    slow.send("TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await slow.closed()).toMatch(/hello$/);
    expect(await other.closed()).toMatch(/hello$/);
  });

  it("gives its place back while it lingers", async () => {
    await using master = await start();
    // Refused, and not closed by its client: the server waits for further bytes.
    const refused = connect(master).send("no request\r\n\r\n");
    await refused.has("400 Bad Request");
    expect(await ask(master)).toBeLessThan(1_500);
    expect(refused.ended).toBe(true);
  });

  it("gets no place by bytes that it sends while it lingers", async () => {
    await using master = await start();
    const late = connect(master);
    await sleep(200);
    late.send("no request\r\n\r\n");
    await late.has("400 Bad Request");
    late.send("more of it");
    await sleep(50);
    expect(await ask(master)).toBeLessThan(1_500);
  });

  it("is closed when the worker ends", async () => {
    await using master = await start();
    const silent = connect(master);
    await sleep(200);
    master.signal("SIGQUIT");
    await silent.closed(3_000);
    await until(
      () => master.log.includes("bye-bye"),
      () => master.log,
      3_000,
    );
  });

  it("frees its place when it closes without a request", async () => {
    await using master = await start();
    for (let round = 0; round < 5; round++) {
      const silent = [connect(master), connect(master)];
      await sleep(30);
      for (const { socket } of silent) socket.destroy();
      expect(await ask(master)).toBeLessThan(2_000);
    }
  });
});
