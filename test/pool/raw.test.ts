import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { status } from "../../src/phpfpm/status.js";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { Peer } from "../harness/peer.js";
import { until } from "../harness/server-process.js";
import { type Master, startMaster } from "./master.js";

const application = fileURLToPath(new URL("raw-app.mjs", import.meta.url));
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A client that sends and reads lines. */
class Talk {
  readonly #peer: Peer;

  constructor({ socket }: Master) {
    this.#peer = new Peer({ path: socket, allowHalfOpen: false });
  }

  get #lines(): string[] {
    return this.#peer.received.split("\n").slice(0, -1);
  }

  say(line: string): this {
    this.#peer.send(`${line}\n`);
    return this;
  }

  /** Waits for `count` lines. Returns the words of the last one and the worker that sent it. */
  async hear(lines = 1): Promise<{ pid: number; text: string }> {
    await until(
      () => this.#lines.length >= lines,
      () => `heard ${JSON.stringify(this.#peer.received)}`,
    );
    const [pid, ...words] = this.#lines[lines - 1]!.split(" ");
    return { pid: Number(pid), text: words.join(" ") };
  }

  /** Waits until the worker has closed. Returns all its lines without its pid. */
  async ended(): Promise<string[]> {
    await this.#peer.closed(10_000);
    this.leave();
    return this.#lines.map((line) => line.replace(/^\d+ /, ""));
  }

  leave(): void {
    this.#peer.socket.destroy();
  }
}

/** Sends one line on a connection, and waits until the worker closes it. */
async function once(master: Master, line: string): Promise<{ pid: number; text: string }> {
  const talk = new Talk(master).say(line).say("bye");
  const heard = await talk.hear();
  await talk.ended();
  return heard;
}

describe.each(["shared", "delegate"])("S2.10 a %s pool of connections", (mode) => {
  const start = (more: readonly string[] = [], workers = 2) => {
    const args = ["--mode", mode, "--pm", "static", "--workers", `${workers}`];
    const page = ["--status-listen", "unix:./status.sock", "--status-path", "/status"];
    return startMaster([...args, ...page, ...more], { application });
  };
  const page = (master: Master): Promise<PoolStatus> =>
    status(`unix:${join(master.folder, "status.sock")}:/status`, { full: true });

  it("serves as many at once as it has workers, and the others after them", async () => {
    await using master = await start();
    const [first, second] = times(2).map(() => new Talk(master).say("sleep 1"));
    const pids = [(await first?.hear())?.pid, (await second?.hear())?.pid];
    expect(pids.sort()).toEqual(master.workers.sort());
    const third = new Talk(master).say("hello");
    await sleep(300);
    const { activeProcesses, maxActiveProcesses } = await page(master);
    expect({ activeProcesses, maxActiveProcesses }).toEqual({
      activeProcesses: 2,
      maxActiveProcesses: 2,
    });
    first?.say("bye");
    expect((await third.hear()).text).toBe("hello");
    for (const talk of [second, third]) talk?.leave();
  });

  it("counts a connection as one request, on its status page", async () => {
    await using master = await start();
    for (const line of ["one", "two", "three"]) expect((await once(master, line)).text).toBe(line);
    const busy = new Talk(master).say("a").say("b");
    const { pid } = await busy.hear(2);
    // The client sees that its connection is closed before the worker does.
    await expect
      .poll(() => page(master))
      .toMatchObject({ acceptedConn: 4, activeProcesses: 1, idleProcesses: 1 });
    const pool = await page(master);
    expect(pool.processes?.find((each) => each.pid === pid)?.state).toBe("Running");
    busy.leave();
    await once(master, "again");
    await expect
      .poll(() => page(master))
      .toMatchObject({ acceptedConn: 5, activeProcesses: 0, idleProcesses: 2 });
    const { processes } = await page(master);
    expect(processes?.reduce((sum, { requests }) => sum + requests, 0)).toBe(5);
  });

  it("replaces its workers after maxRequests connections", async () => {
    await using master = await start(["--max-requests", "3"], 1);
    const counts = new Map<number, number>();
    for (const _ of times(9)) {
      const { pid } = await once(master, "hello");
      counts.set(pid, (counts.get(pid) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual([3, 3, 3]);
  });

  it("S2.30 notifies connections of a reload, and serves new ones meanwhile", async () => {
    await using master = await start();
    const before = master.workers;
    const slow = new Talk(master).say("sleep 1500");
    const staying = new Talk(master).say("stay");
    await sleep(300);
    master.signal("SIGHUP");
    expect(await staying.ended()).toEqual(["told to close"]);
    const { pid } = await once(master, "hello");
    expect(before).not.toContain(pid);
    expect(await slow.ended()).toEqual(["slept"]);
    await until(
      () => !master.workers.some((worker) => before.includes(worker)),
      () => `the old workers are still there:\n${master.log}`,
    );
  });

  it("S2.33 cuts connections that do not end in time", async () => {
    await using master = await start(["--drain-timeout", "300ms"]);
    const slow = new Talk(master).say("sleep 8000");
    await sleep(300);
    const began = performance.now();
    master.signal("SIGTERM");
    expect(await slow.ended()).toEqual([]);
    expect(await master.exited()).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it.each([
    ["exits", "exit", "exited with code 3"],
    ["throws aside", "throw", "thrown aside"],
  ])("replaces a worker whose connection %s, and loses no other", async (_, line, logged) => {
    await using master = await start();
    const other = new Talk(master).say("hello");
    const { pid } = await other.hear();
    const victim = new Talk(master).say(line);
    expect(await victim.ended()).toEqual([]);
    await master.logged(logged);
    expect(await other.say("still here").hear(2)).toEqual({ pid, text: "still here" });
    other.leave();
    await master.hasWorkers(2);
    expect((await once(master, "next")).text).toBe("next");
  });

  it("breaks off only the connection whose handler rejects", async () => {
    await using master = await start([], 1);
    const [only] = master.workers;
    expect(await new Talk(master).say("reject").ended()).toEqual([]);
    await master.logged("rejected in a connection");
    expect(await once(master, "next")).toEqual({ pid: only, text: "next" });
  });

  it("S2.28 survives clients that connect and leave, and one that leaves while it waits", async () => {
    await using master = await start([], 1);
    const [only] = master.workers;
    const busy = new Talk(master).say("sleep 400");
    await sleep(100);
    const impatient = new Talk(master);
    await sleep(50);
    impatient.leave();
    expect((await busy.hear()).text).toBe("slept");
    busy.leave();
    for (const _ of times(10)) new Talk(master).leave();
    expect(await once(master, "next")).toEqual({ pid: only, text: "next" });
    await expect.poll(() => page(master)).toMatchObject({ activeProcesses: 0 });
  });
});
