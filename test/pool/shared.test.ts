import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../harness/server-process.js";
import { Load, startMaster } from "./master.js";

const shared = ["--mode", "shared", "--status-path", "/status"];
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The open descriptors of a process, by kind, except for its output, 1 and 2. */
function socketsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    if (fd === "1" || fd === "2") return false;
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

describe("a pool that shares its socket", () => {
  it("S3.9 has workers that accept on one socket", async () => {
    await using master = await startMaster([...shared, "--workers", "3"]);
    const answers = await Promise.all(times(3).map(() => master.request("/sleep?ms=600")));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
  });

  it("S3.9 has workers that accept no more than they serve", async () => {
    await using master = await startMaster([...shared, "--workers", "2"]);
    const blocked = [master.request("/block?ms=1200"), master.request("/sleep?ms=300")];
    await sleep(100);
    // New connections must not wait for the blocked worker while the other one is idle.
    const answers = await Promise.all(times(6).map(() => master.request("/")));
    const [blocker] = await Promise.all(blocked);
    expect(answers.map((answer) => answer.pid)).not.toContain(blocker?.pid);
  });

  it("S3.9 serves several requests at once in a worker, with the option concurrency", async () => {
    await using master = await startMaster([...shared, "--workers", "1", "--concurrency", "4"]);
    const began = performance.now();
    await Promise.all(times(4).map(() => master.request("/sleep?ms=600")));
    expect(performance.now() - began).toBeLessThan(1_700);
    const { maxActiveProcesses, totalProcesses } = await master.status();
    expect({ maxActiveProcesses, totalProcesses }).toEqual({
      maxActiveProcesses: 4,
      totalProcesses: 4,
    });
  });

  it("S3.9 replaces a killed worker within a second", async () => {
    await using master = await startMaster([...shared, "--workers", "2"]);
    await master.hasWorkers(2);
    const [victim = 0] = master.workers;
    process.kill(victim, "SIGKILL");
    await until(
      () => !master.workers.includes(victim),
      () => master.log,
    );
    await master.hasWorkers(2, 1_000);
    await master.logged(/WARNING: .*exited on signal SIGKILL/);
  });

  it("S3.9 loses no request but those in workers that are killed under load", async () => {
    await using master = await startMaster([...shared, "--workers", "3"]);
    await master.hasWorkers(3);
    const load = new Load(master, "/sleep?ms=2");
    let killed = 0;
    for (let round = 0; round < 4; round++) {
      await load.more(30);
      const { workers } = master;
      const victim = workers[round % workers.length];
      if (victim === undefined) continue;
      process.kill(victim, "SIGKILL");
      killed += 1;
    }
    await load.more(30);
    await load.stop();
    expect(load.failures.length).toBeLessThanOrEqual(killed);
    expect(killed).toBeGreaterThan(2);
    await master.hasWorkers(3);
  });

  it("restarts crashing workers after longer and longer pauses", async () => {
    await using master = await startMaster([...shared, "--workers", "1"]);
    for (let crash = 1; crash <= 4; crash++) {
      await until(
        () => master.workers.length === 1,
        () => master.log,
      );
      expect(await master.failure("/exit")).toBe("closed_without_answer");
      await master.logged(/exited with code 3/, crash);
    }
    const pauses = [...master.log.matchAll(/starts in (\d+) ms/g)].map(([, time]) => Number(time));
    expect(pauses.slice(0, 3)).toEqual([100, 200, 400]);
  });

  it("replaces a worker that an uncaught error of its handler ends", async () => {
    await using master = await startMaster([...shared, "--workers", "1"]);
    await master.request("/");
    expect(await master.failure("/throw")).toBe("closed_without_answer");
    expect(master.log).toContain("thrown aside");
    expect((await master.request("/")).text).toBe("hello");
  });

  it("replaces workers that have served maxRequests requests", async () => {
    await using master = await startMaster([...shared, "--workers", "1", "--max-requests", "5"]);
    const pids: number[] = [];
    for (const _ of times(15)) pids.push((await master.request("/")).pid);
    const counts = new Map<number, number>();
    for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
    expect([...counts.values()]).toEqual([5, 5, 5]);
  });

  it("kills the worker of a request that takes too long", async () => {
    const args = [...shared, "--workers", "1", "--terminate-timeout", "400ms"];
    await using master = await startMaster(args);
    const began = performance.now();
    expect(await master.failure("/block?ms=8000")).toBe("closed_without_answer");
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(master.log).toMatch(
      /WARNING: .*child \d+, script ".*" \(request: "GET \/block\?ms=8000"\) execution timed out \(0\.\d+ sec\), terminating/,
    );
    expect((await master.request("/")).text).toBe("hello");
  });

  it("S2.28 survives clients that connect and leave", async () => {
    await using master = await startMaster([...shared, "--workers", "1"]);
    const [only] = master.workers;
    for (const _ of times(20)) {
      const socket = connect(master.socket);
      await new Promise((resolve) => socket.on("connect", resolve));
      socket.destroy();
    }
    expect((await master.request("/")).pid).toBe(only);
  });
});

describe("a worker", () => {
  it("S2.34 of a shared pool has two sockets open: the listening one and the master's", async () => {
    await using master = await startMaster([...shared, "--workers", "4"]);
    await master.hasWorkers(4);
    for (const _ of times(20)) await master.request("/");
    await sleep(300);
    expect(master.workers.map(socketsOf)).toEqual([2, 2, 2, 2]);
  });

  it("S2.34 of a delegating pool has only the master's open", async () => {
    const args = ["--mode", "delegate", "--pm", "static", "--workers", "4"];
    await using master = await startMaster(args);
    await master.hasWorkers(4);
    await Promise.all(times(20).map(() => master.request("/sleep?ms=20")));
    await sleep(300);
    expect(master.workers.map(socketsOf)).toEqual([1, 1, 1, 1]);
  });

  it("S2.34 leaves nothing open in the master when it has exited", async () => {
    const count = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
    for (const mode of ["shared", "delegate"]) {
      await using master = await startMaster(["--mode", mode, "--pm", "static", "--workers", "2"]);
      await master.hasWorkers(2);
      await Promise.all(times(8).map(() => master.request("/sleep?ms=20")));
      await sleep(300);
      const before = count(master.pid);
      for (let kill = 1; kill <= 3; kill++) {
        process.kill(master.workers[0] ?? 0, "SIGKILL");
        await master.logged(/child \d+ started/, 2 + kill);
        await master.request("/");
      }
      await Promise.all(times(8).map(() => master.request("/sleep?ms=20")));
      await until(
        () => count(master.pid) === before,
        () => `${count(master.pid)} are open, not ${before}`,
      );
    }
  });

  it("S2.34 does not see the descriptors that its master was started with", async () => {
    const env = { LISTEN_FDNAMES: "web", OTHER: "kept" };
    await using master = await startMaster([...shared, "--workers", "1"], { env });
    const seen = JSON.parse((await master.request("/env")).text) as Record<string, string>;
    expect(seen).toMatchObject({ OTHER: "kept" });
    expect(seen).not.toHaveProperty("LISTEN_FDNAMES");
  });
});
