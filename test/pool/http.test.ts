import { Agent, get as httpGet, type RequestOptions } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Peer } from "../harness/peer.js";
import { freePort } from "../harness/ports.js";
import { until } from "../harness/server-process.js";
import { type Master, startMaster } from "./master.js";

const times = (count: number) => Array.from({ length: count }, (_, index) => index);
const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

async function start(args: readonly string[]): Promise<Master> {
  return startMaster(args, { listen: `http://127.0.0.1:${await freePort()}` });
}

async function ask(master: Master, path: string, init: RequestInit = {}) {
  const response = await fetch(master.address + path, init);
  const [pid = "", ...words] = (await response.text()).split(" ");
  return { status: response.status, pid: Number(pid), text: words.join(" ") };
}

/** Sends one request, and returns the status of its answer or the message of its error. */
function sendOnce(master: Master, options: RequestOptions) {
  return new Promise<{ outcome: number | string; mayRepeat: boolean }>((resolve) => {
    const request = httpGet(`${master.address}/sleep?ms=1`, options, (response) => {
      const end = (outcome: number | string) => resolve({ outcome, mayRepeat: false });
      response.on("error", ({ message }) => end(message));
      response.on("end", () => end(response.statusCode ?? 0)).resume();
    });
    request.on("error", ({ message }) =>
      resolve({ outcome: message, mayRepeat: request.reusedSocket }),
    );
  });
}

/**
 * Sends requests without a pause, four at a time, while `act` runs. Returns the counts of outcomes. A
 * server may close a kept connection just as its client sends: a request that is not answered on a
 * connection that was used before is sent again, as RFC 9112 §9.3.1 has clients do.
 */
async function underLoad(
  master: Master,
  keepAlive: boolean,
  act: (more: (count: number) => Promise<void>) => Promise<void>,
) {
  const agent = new Agent({ keepAlive });
  const outcomes = new Map<number | string, number>();
  let total = 0;
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      let { outcome, mayRepeat } = await sendOnce(master, { agent });
      while (mayRepeat) ({ outcome, mayRepeat } = await sendOnce(master, { agent }));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      total += 1;
    }
  };
  const runs = times(4).map(run);
  await act((count) => {
    const wanted = total + count;
    return until(
      () => total >= wanted,
      () => `there are ${total} answers, not ${wanted}:\n${master.log}`,
    );
  });
  isOver = true;
  await Promise.all(runs);
  agent.destroy();
  return outcomes;
}

describe.each(["shared", "delegate"])("a pool of HTTP, %s", (mode) => {
  const args = ["--mode", mode, "--pm", "static"];

  it("answers, and prints its address", async () => {
    await using master = await start([...args, "--workers", "2"]);
    expect(await ask(master, "/")).toMatchObject({ status: 200, text: "hello" });
    expect(master.log).toContain(`: ${master.address}, ${mode}`);
  });

  it("listens on a unix socket", async () => {
    await using first = await start([...args, "--workers", "1"]);
    const listen = `http://unix:${first.folder}/http.sock`;
    await using master = await startMaster([...args, "--workers", "1"], { listen });
    const peer = new Peer(listen).send(get("/", "Connection: close\r\n"));
    expect(await peer.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\d+ hello$/s);
    expect(master.log).toContain(listen);
  });

  it("reads bodies, of a length and without one", async () => {
    await using master = await start([...args, "--workers", "1"]);
    const body = "x".repeat(300_000);
    const measured = await ask(master, "/body", { method: "POST", body });
    const chunked = await ask(master, "/body", {
      method: "POST",
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);
    expect([measured.text, chunked.text]).toEqual(["300000 bytes", "300000 bytes"]);
  });

  it("serves its status and ping pages", async () => {
    const pages = ["--status-path", "/status", "--ping-path", "/ping"];
    await using master = await start([...args, ...pages, "--workers", "2"]);
    await ask(master, "/");
    const page = await (await fetch(`${master.address}/status?json&full`)).json();
    expect(page).toMatchObject({
      "process manager": "static",
      "total processes": 2,
      "active processes": 1,
    });
    const running = page.processes.find(({ state }: { state: string }) => state === "Running");
    expect(running).toMatchObject({ "request method": "GET", "request uri": "/status?json&full" });
    expect(await (await fetch(`${master.address}/ping`)).text()).toBe("pong");
    for (const path of ["/%73tatus", "/x/../status", "/%70ing"]) {
      const peer = new Peer(master.address).send(get(path, "Connection: close\r\n"));
      expect(await peer.closed()).toMatch(/\d+ hello$/);
    }
  });

  it("serves others while clients keep connections that carry nothing", async () => {
    await using master = await start([...args, "--workers", "1"]);
    const kept = times(4).map(() => new Peer(master.address));
    for (const peer of kept) await peer.send(get("/")).has("hello");
    expect((await ask(master, "/")).text).toBe("hello");
    for (const peer of kept) peer.send(get("/"));
    for (const peer of kept) await peer.has(/hello.*hello/s);
    for (const { socket } of kept) socket.destroy();
  });

  it.each([
    ["kept connections", true],
    ["a connection for each", false],
  ])("loses no request in reloads: %s", async (_, keepAlive) => {
    await using master = await start([...args, "--workers", "2"]);
    const outcomes = await underLoad(master, keepAlive, async (more) => {
      for (let reload = 1; reload <= 3; reload++) {
        await more(20);
        master.signal("SIGUSR2");
        await master.logged(/child \d+ exited with code 0/, reload * 2);
      }
      await more(20);
    });
    expect([...outcomes.keys()]).toEqual([200]);
  });

  it("loses no request when workers are replaced after maxRequests", async () => {
    await using master = await start([...args, "--workers", "2", "--max-requests", "20"]);
    const outcomes = await underLoad(master, true, async (more) => {
      await more(50);
      await master.logged(/child \d+ exited with code 0/, 3);
    });
    expect([...outcomes.keys()]).toEqual([200]);
  });

  it("answers the requests in progress when it is stopped", async () => {
    await using master = await start([...args, "--workers", "1"]);
    const slow = ask(master, "/sleep?ms=500");
    await sleep(200);
    master.signal("SIGTERM");
    expect((await slow).text).toBe("slept");
    expect(await master.exited()).toBe(0);
  });
});

describe("a pool of HTTP that delegates", () => {
  it("refuses connections beyond its queue with 503", async () => {
    const limits = ["--workers", "1", "--queue-limit", "1"];
    await using master = await start(["--mode", "delegate", "--pm", "static", ...limits]);
    const busy = ask(master, "/sleep?ms=800");
    await sleep(200);
    const waiting = ask(master, "/");
    await sleep(100);
    const refused = new Peer(master.address).send(get("/"));
    expect(await refused.closed()).toMatch(/^HTTP\/1\.1 503 .*Service Unavailable\n$/s);
    refused.socket.destroy();
    expect((await busy).text).toBe("slept");
    expect((await waiting).text).toBe("hello");
  });

  describe("with session affinity", () => {
    const args = ["--mode", "delegate", "--pm", "static", "--workers", "3", "--affinity"];

    it("S2.37 sends a session's connections to one worker, and sessions to different ones", async () => {
      await using master = await start(args);
      const pids = new Map<string, Set<number>>();
      for (const session of ["a", "b", "c", "a", "b", "c", "c", "a", "b"]) {
        const headers = { cookie: `session=${session}`, connection: "close" };
        const { pid } = await ask(master, "/", { headers });
        pids.set(session, (pids.get(session) ?? new Set()).add(pid));
      }
      expect([...pids.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
      expect(new Set([...pids.values()].flatMap((set) => [...set])).size).toBe(3);
    });

    it("S2.37 identifies a client without a cookie by its address", async () => {
      await using master = await start(args);
      const headers = { connection: "close" };
      const pids = new Set<number>();
      for (const _ of times(4)) pids.add((await ask(master, "/", { headers })).pid);
      expect(pids.size).toBe(1);
    });

    it("S2.37 passes on the bytes that it has read, however they are cut", async () => {
      await using master = await start(args);
      const body = "x".repeat(300_000);
      expect((await ask(master, "/body", { method: "POST", body })).text).toBe("300000 bytes");
      const peer = new Peer(master.address);
      for (const piece of ["\r\nGET / HT", "TP/1.1\r\nHost: a\r", "\n\r", "\n"]) {
        peer.send(piece);
        await sleep(20);
      }
      await peer.has("hello");
      // The next request goes to the worker directly.
      await peer.send(get("/")).has(/hello.*hello/s);
      peer.socket.destroy();
    });

    it("S2.37 passes invalid requests to a worker, which refuses them", async () => {
      await using master = await start(args);
      const peer = new Peer(master.address).send("what is this?\r\n\r\n");
      expect(await peer.closed()).toMatch(/^HTTP\/1\.1 400 /);
      peer.socket.destroy();
    });
  });
});
