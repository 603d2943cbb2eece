import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../harness/server-process.js";
import { Load, Master, startMaster, writeApplication } from "./master.js";

describe.each(["shared", "delegate"])("a %s pool that is reloaded", (mode) => {
  const args = ["--mode", mode, "--pm", "static", "--workers", "2", "--status-path", "/status"];

  it("S2.29 S3.9 replaces its workers, and serves with the new ones", async () => {
    await using master = await startMaster(args);
    const before = master.workers;
    master.signal("SIGHUP");
    await until(
      () => master.workers.length === 2 && !master.workers.some((pid) => before.includes(pid)),
      () => `the old workers are still there: ${master.workers}\n${master.log}`,
      3_000,
    );
    expect(before).not.toContain((await master.request("/")).pid);
  });

  it("S2.30 serves others by new workers while the old ones drain", async () => {
    await using master = await startMaster(args);
    const slow = master.request("/sleep?ms=2500");
    await sleep(200);
    master.signal("SIGUSR2");
    await master.logged(/child \d+ started/, 4);
    await sleep(700);
    const { pid, time } = await master.request("/");
    expect(time).toBeLessThan(700);
    const answer = await slow;
    expect(answer.text).toBe("slept");
    expect(answer.pid).not.toBe(pid);
  });

  it("S2.31 is reloaded again while it drains", async () => {
    await using master = await startMaster(args);
    const slow = master.request("/sleep?ms=1500");
    await sleep(200);
    for (let count = 0; count < 3; count++) {
      master.signal("SIGHUP");
      await sleep(100);
    }
    expect((await slow).text).toBe("slept");
    await master.hasWorkers(2);
    expect((await master.request("/")).text).toBe("hello");
  });

  it("S2.32 has workers that ignore signals", async () => {
    await using master = await startMaster(args);
    await master.hasWorkers(2);
    const { workers } = master;
    const slow = master.request("/sleep?ms=600");
    await sleep(400);
    for (const pid of workers) {
      for (const name of [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGTERM",
        "SIGUSR1",
        "SIGUSR2",
      ] as const) {
        process.kill(pid, name);
      }
    }
    expect((await slow).text).toBe("slept");
    expect(workers).toContain((await master.request("/")).pid);
    expect(master.workers).toEqual(workers);
  });

  it("S3.9 loses no request when it is reloaded under load", async () => {
    await using master = await startMaster(args);
    const load = new Load(master, "/sleep?ms=2");
    for (let reload = 1; reload <= 3; reload++) {
      await load.more(20);
      master.signal("SIGHUP");
      await master.logged(/child \d+ exited with code 0/, reload * 2);
    }
    await load.more(20);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.answers.size).toBeGreaterThan(4);
  });
});

describe("a pool whose application is changed", () => {
  const text = (word: string) => `export default { fetch: () => new Response("0 ${word}") };`;

  it("serves the new one after a reload", async () => {
    await using master = await startMaster(["--workers", "1"], {
      application: join(import.meta.dirname, "app.mjs"),
    });
    const application = writeApplication(master.folder, text("first"));
    await using other = await startMaster(["--workers", "1"], { application });
    expect((await other.request("/")).text).toBe("first");
    writeApplication(master.folder, text("second"));
    other.signal("SIGHUP");
    await other.logged(/exited with code 0/);
    expect((await other.request("/")).text).toBe("second");
  });

  it("keeps the old one if the new one cannot be loaded", async () => {
    await using first = await startMaster(["--workers", "1"]);
    const application = writeApplication(first.folder, text("first"));
    await using master = await startMaster(["--workers", "2"], { application });
    const before = master.workers;
    writeApplication(first.folder, 'throw new Error("not today");');
    master.signal("SIGHUP");
    await master.logged("reload failed");
    expect(master.log).toContain("not today");
    expect((await master.request("/")).text).toBe("first");
    await master.hasWorkers(2);
    expect(master.workers).toEqual(before);
  });
});

describe("a pool that is stopped", () => {
  it("S2.33 kills workers that do not finish in time", async () => {
    await using master = await startMaster(["--workers", "1", "--drain-timeout", "300ms"]);
    const failure = master.failure("/block?ms=8000");
    await sleep(300);
    master.signal("SIGQUIT");
    expect(await failure).toBe("closed_without_answer");
    expect(await master.exited()).toBe(0);
    await master.allExited();
  });

  it("ends at once at a second signal", async () => {
    await using master = await startMaster(["--workers", "1"]);
    const failure = master.failure("/sleep?ms=8000");
    await sleep(300);
    master.signal("SIGTERM");
    await master.logged("finishing");
    master.signal("SIGTERM");
    expect(await failure).toBe("closed_without_answer");
    expect(await master.exited()).toBe(0);
  });

  it.each(["shared", "delegate"])("ends its workers when it is killed: %s", async (mode) => {
    await using master = await startMaster(["--mode", mode, "--workers", "2"]);
    const slow = master.request("/sleep?ms=700");
    await sleep(300);
    expect(master.workers.length).toBeGreaterThan(0);
    master.signal("SIGKILL");
    expect((await slow).text).toBe("slept");
    await master.allExited();
  });

  it("removes its socket and its scoreboard", async () => {
    await using master = await startMaster(["--workers", "1", "--pid-file", "master.pid"]);
    expect(readFileSync(join(master.folder, "master.pid"), "utf8")).toBe(`${master.pid}\n`);
    master.signal("SIGINT");
    expect(await master.exited()).toBe(0);
    for (const name of ["master.pid", "app.sock"]) {
      expect(() => readFileSync(join(master.folder, name))).toThrow("ENOENT");
    }
  });
});

describe("a pool's log", () => {
  it("is opened again at SIGUSR1", async () => {
    await using first = await startMaster(["--workers", "1"]);
    const log = join(first.folder, "pool.log");
    const content = (path: string) => {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return "";
      }
    };
    await using master = new Master(["--workers", "1", "--log", log], {});
    await until(
      () => content(log).includes("ready to handle"),
      () => master.log,
    );
    renameSync(log, `${log}.1`);
    master.signal("SIGUSR1");
    await until(
      () => content(log).includes("log reopened"),
      () => content(`${log}.1`),
    );
    await master.request("/say");
    await until(
      () => content(log).includes("said aloud"),
      () => content(log),
    );
    expect(content(log)).toMatch(/child \d+ said into stdout: "said aloud"/);
    expect(master.log).toBe("");
  });
});
