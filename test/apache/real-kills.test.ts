import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { killWorkers } from "../../src/apache/workers/kill.js";
import { type Apache, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf } from "../harness/processes.js";
import { hang, isAlive, read, serverOf, sourceOf, table, workersWith } from "./real-apache.js";

describeWith(["apache2"], "killing workers of a real httpd with prefork", () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache({ mpm: "prefork" });
  });
  afterAll(() => apache.stop());

  it("S1.74 kills nothing in a dry run", async () => {
    const request = hang(apache, 1, 3);
    const [hanging] = await workersWith(apache, "/cgi/sleep.sh?3", 1);
    await sleep(1200);
    const workers = await read(apache);
    const result = await killWorkers(workers, serverOf(apache), table, {
      maxTime: 0.5,
      dryRun: true,
      again: () => read(apache),
    });
    expect(result).toMatchObject({ killed: [], killedActive: 0, wouldKillActive: 1 });
    expect(result.wouldKill).toEqual([hanging?.pid]);
    expect(await request[0]).toBe("slept\n");
  });

  // Each has another time, because the slot of a killed worker shows its request for a while.
  it.each([
    ["KILL", 6],
    ["TERM", 7],
  ] as const)(
    "S1.70 S1.71 kills a worker that hangs with %s, and leaves those that do not",
    async (signal, seconds) => {
      const [request] = hang(apache, 1, seconds);
      const [hanging] = await workersWith(apache, `/cgi/sleep.sh?${seconds}`, 1);
      await sleep(2100);
      const workers = await read(apache);
      const others = childrenOf(apache.pid).filter((pid) => pid !== hanging?.pid);
      const messages: string[] = [];
      const result = await killWorkers(workers, serverOf(apache), table, {
        maxTime: 1,
        again: () => read(apache),
        signal,
        onMessage: (message) => messages.push(message),
      });
      expect(result.killed).toEqual([hanging?.pid]);
      expect(result).toMatchObject({ killedActive: 1, killedIdle: 0, refused: [], spared: [] });
      expect(isAlive(hanging?.pid)).toBe(false);
      expect(others.every(isAlive)).toBe(true);
      expect(messages[0]).toMatch(
        /^Killing native worker \d+ \(active\) hanging for \d seconds since last request \(GET \/cgi\/sleep\.sh\?[67] HTTP\/1\.1\) \.\.$/,
      );
      expect(messages.at(-1)).toMatch(/^Killed 1 of \d+ Apache workers\.$/);
      expect(await request).not.toBe("slept\n");
    },
  );

  it("leaves a worker that finished before it came to it", async () => {
    const [request] = hang(apache, 1, 1);
    await workersWith(apache, "/cgi/sleep.sh?1", 1);
    expect(await request).toBe("slept\n");
    const before = childrenOf(apache.pid);
    const result = await killWorkers(await read(apache), serverOf(apache), table, {
      maxTime: 0.5,
      again: () => read(apache),
    });
    expect(result.killed).toEqual([]);
    expect(before.every(isAlive)).toBe(true);
  });

  it("S1.70 kills idle workers by their memory", async () => {
    const workers = await read(apache);
    const idle = workers.filter(({ activity }) => activity === "idle");
    const smallest = Math.min(...idle.map(({ process }) => process?.rss ?? Infinity));
    const result = await killWorkers(workers, serverOf(apache), table, {
      maxMemoryIdle: smallest - 1,
    });
    expect(result.killedIdle).toBe(idle.length);
    expect(result.killedActive).toBe(0);
    expect(idle.some(({ process }) => isAlive(process?.pid))).toBe(false);
    expect((await sourceOf(apache).status()).busyWorkers).toBeGreaterThanOrEqual(1);
  });
});

describeWith(["apache2"], "killing workers of a real httpd with event", () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache({
      mpm: "event",
      mpmDirectives: [
        "StartServers 1",
        "ThreadsPerChild 8",
        "MaxRequestWorkers 8",
        "ServerLimit 1",
      ],
    });
  });
  afterAll(() => apache.stop());

  it("S1.75 leaves a process that has an active thread, however much its idle ones use", async () => {
    const [request] = hang(apache, 1, 1);
    await workersWith(apache, "/cgi/sleep.sh?1", 1);
    const workers = await read(apache);
    expect(workers.some(({ activity, row }) => activity === "idle" && row !== undefined)).toBe(
      true,
    );
    const result = await killWorkers(workers, serverOf(apache), table, { maxMemoryIdle: 1 });
    expect(result.killed).toEqual([]);
    expect(await request).toBe("slept\n");
  });

  it("kills the process of a thread that hangs", async () => {
    const [request] = hang(apache, 1, 6);
    const [hanging] = await workersWith(apache, "/cgi/sleep.sh?6", 1);
    await sleep(2100);
    const result = await killWorkers(await read(apache), serverOf(apache), table, {
      maxTime: 1,
      again: () => read(apache),
    });
    expect(result.killed).toEqual([hanging?.pid]);
    expect(isAlive(hanging?.pid)).toBe(false);
    expect(await request).not.toBe("slept\n");
  });
});
