import { readdirSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { accepts, freePort } from "../harness/ports.js";
import { isRunning } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";
import { Master, startMaster, writeApplication } from "./master.js";

/** Its request starts a process that outlives the pool, with the worker's own input and output. */
const parent = `
import { spawn } from "node:child_process";
export default () => {
  const child = spawn("sleep", ["30"], { stdio: "inherit", detached: true });
  child.unref();
  return new Response("0 " + child.pid);
};`;

const linkOf = (pid: number, descriptor: number) => readlinkSync(`/proc/${pid}/fd/${descriptor}`);

describe.each(["shared", "delegate"])("a worker of a %s pool", (mode) => {
  const args = ["--workers", "1", "--mode", mode];

  it("has no descriptors of the pool at 0 to 2", async () => {
    await using master = await startMaster(args);
    await master.hasWorkers(1);
    const [pid = 0] = master.workers;
    expect(linkOf(pid, 0)).toBe("/dev/null");
    expect([1, 2].map((fd) => linkOf(pid, fd))).toEqual([1, 2].map((fd) => linkOf(master.pid, fd)));
  });

  it("has children that do not keep the port when the pool has ended", async () => {
    const application = writeApplication(makeFolder(), parent);
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    await using master = await startMaster(args, { application, listen });
    const child = Number((await master.request("/")).text);
    try {
      master.signal("SIGTERM");
      expect(await master.exited()).toBe(0);
      expect(isRunning(child)).toBe(true);
      expect(await accepts({ port, host: "127.0.0.1" })).toBe(false);
      await using next = await startMaster(args, { listen });
      expect((await next.request("/")).text).toBe("hello");
    } finally {
      process.kill(child, "SIGKILL");
    }
  });
});

describe("a master of a shared pool", () => {
  it("accepts nothing itself: connections wait in the kernel", async () => {
    const busy = "while (true);";
    const application = writeApplication(makeFolder(), busy);
    const listen = `127.0.0.1:${await freePort()}`;
    await using master = new Master(["--workers", "1"], { application, listen });
    await master.logged("pool is running");
    const sockets = () =>
      readdirSync(`/proc/${master.pid}/fd`).filter((fd) => {
        try {
          return linkOf(master.pid, Number(fd)).startsWith("socket:");
        } catch {
          return false;
        }
      }).length;
    await until(
      () => master.log.includes("started"),
      () => master.log,
    );
    const before = sockets();
    const waiting = [1, 2, 3].map(() => master.failure("/"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sockets()).toBe(before);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    for (const failure of await Promise.all(waiting)) expect(failure).not.toMatch(/^answered/);
  });
});
