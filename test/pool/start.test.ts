import { existsSync, lstatSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { freePort } from "../harness/ports.js";
import { makeFolder, until } from "../harness/server-process.js";
import { Master, startMaster, writeApplication } from "./master.js";

const slow = `
import { setTimeout as sleep } from "node:timers/promises";
await sleep(1500);
export default () => new Response(process.pid + " slow");`;

/** An application that takes a while to load. */
const slowApplication = () => writeApplication(makeFolder(), slow);

const prefixes = ["", "scgi://", "uwsgi://"];
const modes = ["shared", "delegate"];
const cases = modes.flatMap((mode) => prefixes.map((prefix) => [mode, prefix] as const));

describe("a pool whose application loads", () => {
  it.each(cases)("lets connections wait: %s, unix socket, %s", async (mode, prefix) => {
    const listen = `${prefix}unix:${join(makeFolder(), "app.sock")}`;
    const args = ["--workers", "1", "--mode", mode];
    await using master = new Master(args, { application: slowApplication(), listen });
    await master.logged("pool is running");
    expect(master.log).not.toContain("ready to handle");
    expect((await master.request("/")).text).toBe("slow");
  });

  it.each(modes)("lets connections wait: %s, TCP", async (mode) => {
    const listen = `127.0.0.1:${await freePort()}`;
    const args = ["--workers", "1", "--mode", mode];
    await using master = new Master(args, { application: slowApplication(), listen });
    await master.logged("pool is running");
    expect(master.log).not.toContain("ready to handle");
    expect((await master.request("/")).text).toBe("slow");
  });

  it.each(modes)("keeps its address from a second start: %s", async (mode) => {
    for (const listen of [undefined, `127.0.0.1:${await freePort()}`]) {
      const args = ["--workers", "1", "--mode", mode];
      const options = {
        application: slowApplication(),
        ...(listen === undefined ? {} : { listen }),
      };
      await using first = new Master(args, options);
      await first.logged("pool is running");
      await using second = new Master(args, { listen: first.address });
      expect(await second.exited()).toBe(2);
      expect(second.log).toMatch(/^fcgi-probe: .* is taken\nhint: .*\n$/);
      expect((await first.request("/")).text).toBe("slow");
    }
  });
});

describe.each(modes)("the socket's file of a %s pool", (mode) => {
  const args = ["--workers", "1", "--mode", mode];

  it("is removed when the pool ends", async () => {
    await using master = await startMaster(args);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    expect(existsSync(master.socket)).toBe(false);
  });

  it("is left alone by a pool whose own socket was replaced", async () => {
    await using first = await startMaster(args);
    rmSync(first.socket);
    await using second = await startMaster(args, { listen: first.address });
    const { ino } = lstatSync(first.socket);
    first.signal("SIGTERM");
    expect(await first.exited()).toBe(0);
    expect(lstatSync(first.socket).ino).toBe(ino);
    expect((await second.request("/")).text).toBe("hello");
  });

  it("is replaced when its server has crashed", async () => {
    await using first = await startMaster([...args, "--drain-timeout", "1s"]);
    first.signal("SIGKILL");
    await first.exited();
    await first.allExited();
    expect(lstatSync(first.socket).isSocket()).toBe(true);
    await using second = await startMaster(args, { listen: first.address });
    expect((await second.request("/")).text).toBe("hello");
  });

  it("is not made where there is another file", async () => {
    const path = join(makeFolder(), "file");
    writeFileSync(path, "kept");
    await using master = new Master(args, { listen: `unix:${path}` });
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain(`unix:${path} is a file, not a socket`);
    expect(lstatSync(path).size).toBe(4);
  });

  it("has one server when several start at once on a stale socket", async () => {
    await using crashed = await startMaster([...args, "--drain-timeout", "1s"]);
    crashed.signal("SIGKILL");
    await crashed.exited();
    await crashed.allExited();
    const listen = crashed.address;
    await using first = new Master(args, { listen });
    await using second = new Master(args, { listen });
    await using third = new Master(args, { listen });
    const all = [first, second, third];
    const settled = (master: Master) => /ready to handle|is taken/.test(master.log);
    await until(
      () => all.every(settled),
      () => all.map(({ log }) => log).join("\n"),
    );
    const serving = all.filter(({ log }) => log.includes("ready to handle"));
    expect(serving).toHaveLength(1);
    const { pid } = await serving[0]!.request("/");
    expect(serving[0]?.workers).toContain(pid);
  });
});

describe("a signal to a pool whose application loads", () => {
  /** Its event loop is blocked, so that it receives no messages. */
  const hanging = () => writeApplication(makeFolder(), "while (true);");

  it.each([
    ["SIGTERM", "shared"],
    ["SIGINT", "shared"],
    ["SIGQUIT", "shared"],
    ["SIGTERM", "delegate"],
  ] as const)("%s ends the start at once: %s", async (name, mode) => {
    const args = ["--workers", "2", "--mode", mode, "--pm", "static"];
    await using master = new Master(args, { application: hanging() });
    await master.logged(/child \d+ started/, 2);
    await master.hasWorkers(2);
    await sleep(300);
    const began = performance.now();
    master.signal(name);
    expect(await master.exited()).toBe(0);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(existsSync(master.socket)).toBe(false);
    await master.allExited(1_000);
  });

  it("also ends a reload whose application never finishes loading", async () => {
    const folder = makeFolder();
    const changing = writeApplication(folder, "export default () => new Response('0 old');");
    await using master = await startMaster(["--workers", "1"], { application: changing });
    writeApplication(folder, "while (true);");
    master.signal("SIGHUP");
    await master.logged(/child \d+ started/, 2);
    await sleep(300);
    const began = performance.now();
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("a signal to a pool before its application loads", () => {
  it("ends the pool", async () => {
    const preload = join(makeFolder(), "preload.cjs");
    // While the master checks the module's file, in one turn of the event loop with the start.
    const text = `
      const fs = require("node:fs");
      const { accessSync } = fs;
      fs.accessSync = (...given) => {
        if (process.send === undefined) process.kill(process.pid, "SIGTERM");
        return accessSync(...given);
      };
      require("node:module").syncBuiltinESMExports();`;
    writeFileSync(preload, text);
    const env = { NODE_OPTIONS: `--require=${preload}` };
    await using master = new Master(["--workers", "1"], { env });
    expect(await master.exited()).toBe(0);
  });
});

describe("a worker that cannot listen", () => {
  it("makes the start of the pool fail", async () => {
    const preload = join(makeFolder(), "preload.mjs");
    // Only in workers, which have a channel to their master.
    writeFileSync(
      preload,
      "import { closeSync } from 'node:fs'; if (process.send !== undefined) closeSync(5);",
    );
    const env = { NODE_OPTIONS: `--import=${preload}` };
    await using master = new Master(["--workers", "1"], { env });
    expect(await master.exited()).toBe(2);
    expect(master.log).toMatch(
      /the application cannot be loaded: .*cannot listen on the pool's socket: listen E\w+/,
    );
  });
});
