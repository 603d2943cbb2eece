import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { PoolLog } from "../../src/pool/pool-log.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, until } from "../harness/server-process.js";
import { application, Master, type MasterOptions, startMaster } from "./master.js";

const http = async (): Promise<MasterOptions> => ({
  listen: `http://127.0.0.1:${await freePort()}`,
});

/** The status of a request with an invalid Host. */
async function badHost(master: Master): Promise<number> {
  const url = new URL(master.address);
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const options = { host: url.hostname, port: url.port, headers: { host: "a b" } };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

const hello = async ({ address }: Master) => (await (await fetch(address)).text()).split(" ")[1];

describe("a pool whose log is on a full disk", () => {
  it.each(["shared", "delegate"])("loses lines, and nothing else: %s", async (mode) => {
    const args = ["--workers", "1", "--mode", mode, "--log", "/dev/full"];
    await using master = new Master(args, await http());
    await until(
      async () => (await hello(master).catch(() => "")) === "hello",
      () => master.log,
    );
    for (let request = 0; request < 20; request++) expect(await badHost(master)).toBe(400);
    expect(await hello(master)).toBe("hello");
    const lines = master.log.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/ERROR: .*the log cannot be written, lines are lost: ENOSPC/);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
  });

  it.each(["shared", "delegate"])("is not ended by a full standard error: %s", async (mode) => {
    const { listen = "" } = await http();
    const script = 'exec "$@" 2>/dev/full';
    const options = { listen, launcher: ["/bin/sh", "-c", script, "sh"] };
    await using master = new Master(["--workers", "1", "--mode", mode], options);
    await until(
      async () => (await hello(master).catch(() => "")) === "hello",
      () => "it does not answer",
    );
    const [before] = master.workers;
    for (let request = 0; request < 20; request++) expect(await badHost(master)).toBe(400);
    expect(await hello(master)).toBe("hello");
    expect(master.workers).toEqual([before]);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
  });
});

describe("a client's fault", () => {
  it.each(["shared", "delegate"])("is one short line of the log, once: %s", async (mode) => {
    const path = join(makeFolder(), "pool.log");
    const options = await http();
    await using master = new Master(["--workers", "1", "--mode", mode, "--log", path], options);
    await until(
      async () => (await hello(master).catch(() => "")) === "hello",
      () => "it does not answer",
    );
    expect(await badHost(master)).toBe(400);
    expect(await badHost(master)).toBe(400);
    const faults = () =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.includes("HTTP_HOST"));
    await until(
      () => faults().length >= 2,
      () => readFileSync(path, "utf8"),
    );
    expect(faults()).toHaveLength(2);
    for (const line of faults()) expect(line.length).toBeLessThan(200);
    expect(readFileSync(path, "utf8")).not.toContain("    at ");
  });
});

describe("a log that is opened again", () => {
  it("is kept when that fails, and standard error says so", async () => {
    const folder = makeFolder();
    const path = join(folder, "pool.log");
    await using master = new Master(["--workers", "1", "--log", path], { application });
    await until(
      () => readFileSync(path, { encoding: "utf8", flag: "a+" }).includes("ready to handle"),
      () => "it is not ready",
    );
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    master.signal("SIGUSR1");
    await master.logged("cannot open the log: EISDIR");
    expect(master.log).toContain("hint:");
    rmSync(path, { recursive: true });
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    expect(readFileSync(`${path}.1`, "utf8")).toContain("bye-bye!");
  });
});

describe("a pool's log", () => {
  it("reports how many lines were lost when it can be written again", () => {
    const lines: string[] = [];
    let isFull = false;
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      const log = new PoolLog("test", (line) => {
        if (isFull) throw new Error("full");
        lines.push(line.replace(/^\[.*?\] /, ""));
      });
      log.notice("one");
      isFull = true;
      for (const text of ["two", "three", "four"]) log.notice(text);
      isFull = false;
      log.notice("five");
      expect(lines).toEqual([
        "NOTICE: [pool test] one",
        "WARNING: [pool test] 3 lines were lost here",
        "NOTICE: [pool test] five",
      ]);
      expect(write).toHaveBeenCalledOnce();
    } finally {
      write.mockRestore();
    }
  });

  it("is refused if it is a pipe that no process reads", async () => {
    const { execFileSync } = await import("node:child_process");
    const path = join(makeFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    expect(() => new PoolLog("test", path)).toThrow("cannot open the log");
  });

  it("takes the entries of a slow log that cannot be written", async () => {
    const args = ["--workers", "1", "--slowlog-timeout", "100ms", "--slowlog", "/dev/full"];
    await using master = await startMaster(args);
    expect((await master.request("/sleep?ms=700")).text).toBe("slept");
    await master.logged("not in the slow log: ENOSPC");
    expect((await master.request("/sleep?ms=700")).text).toBe("slept");
    await master.logged("not in the slow log: ENOSPC", 2);
  });
});

describe("a pool whose scoreboard has no room", () => {
  it.each([
    ["at all", 4],
    ["for a worker", 8],
  ])("does not start: none %s", async (_, blocks) => {
    // Limits files to this many blocks of 512 bytes, like a disk that is full then.
    const launcher = ["/bin/sh", "-c", `ulimit -f ${blocks}; exec "$@"`, "sh"];
    await using master = new Master(["--workers", "1"], { launcher });
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain("fcgi-probe: there is no room for a scoreboard");
    expect(master.log).toContain("hint: make room in /dev/shm");
  });
});
