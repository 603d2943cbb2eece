import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { OrphanGuard } from "../../src/pool/orphan-guard.js";
import { isRunning } from "../harness/processes.js";
import { until } from "../harness/server-process.js";
import { type Master, startMaster } from "./master.js";

describe.each(["shared", "delegate"])("a %s pool whose master is killed", (mode) => {
  const start = (limit: string) =>
    startMaster(["--mode", mode, "--pm", "static", "--workers", "2", "--drain-timeout", limit]);
  const gone = (pid: number, milliseconds: number) =>
    until(
      () => !isRunning(pid),
      () => `${pid} is still there`,
      milliseconds,
    );

  /** Kills the master while one of its workers is blocked and has to be killed, too. */
  async function kill(master: Master): Promise<{ blocked: number; others: number[] }> {
    await master.hasWorkers(2);
    const { workers } = master;
    const pids = new Set(workers);
    const failure = master.failure("/block?ms=60000");
    await sleep(300);
    // The worker that is not blocked answers.
    const { pid } = await master.request("/");
    pids.delete(pid);
    master.signal("SIGKILL");
    await master.exited();
    void failure;
    return { blocked: [...pids][0]!, others: [pid] };
  }

  it("has no worker left after its time to drain, not even one in an endless loop", async () => {
    await using master = await start("1s");
    const guard = master.guard as number;
    const { blocked, others } = await kill(master);
    const killed = performance.now();
    try {
      for (const pid of others) await gone(pid, 3_000);
      await gone(blocked, 10_000);
      // The limit, and a second more for workers that keep the limit themselves.
      expect(performance.now() - killed).toBeGreaterThan(1_500);
      await gone(guard, 3_000);
    } finally {
      if (isRunning(blocked)) process.kill(blocked, "SIGKILL");
    }
  });

  it("starts its guard again after that was killed", async () => {
    await using master = await start("1s");
    const first = master.guard as number;
    process.kill(first, "SIGKILL");
    await gone(first, 3_000);
    process.kill(master.workers[0]!, "SIGKILL");
    await master.logged(/child \d+ started/, 3);
    expect(master.guard).not.toBe(first);
    const { blocked } = await kill(master);
    try {
      await gone(blocked, 10_000);
    } finally {
      if (isRunning(blocked)) process.kill(blocked, "SIGKILL");
    }
  });

  it("leaves no guard running when it is stopped", async () => {
    await using master = await start("60s");
    const guard = master.guard as number;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(guard, name);
    await sleep(100);
    expect(isRunning(guard)).toBe(true);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    await gone(guard, 3_000);
  });
});

describe("a guard", () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  const sleeper = (): ChildProcess & { pid: number } => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    started.push(child);
    return child as ChildProcess & { pid: number };
  };
  const ended = (child: ChildProcess) => child.signalCode !== null;

  it("kills the processes that it watches, and none that it has forgotten", async () => {
    const [first, second, forgotten, stranger] = [sleeper(), sleeper(), sleeper(), sleeper()];
    const guard = new OrphanGuard("test", 0);
    for (const { pid } of [first, forgotten, second]) guard.watch(pid);
    guard.forget(forgotten.pid);
    await sleep(200);
    expect([first, second].map(ended)).toEqual([false, false]);
    guard.close();
    await until(
      () => ended(first) && ended(second),
      () => "one is still there",
    );
    await sleep(200);
    expect([forgotten, stranger].map(ended)).toEqual([false, false]);
  });

  it("waits for the time that it was given", async () => {
    const child = sleeper();
    const guard = new OrphanGuard("test", 1_500);
    guard.watch(child.pid);
    const began = performance.now();
    guard.close();
    await until(
      () => ended(child),
      () => "it is still there",
    );
    expect(performance.now() - began).toBeGreaterThan(1_500);
  });
});
