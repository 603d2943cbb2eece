import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PidFile } from "../../src/pool/pid-file.js";
import { makeFolder } from "../harness/server-process.js";
import { Master, startMaster, writeApplication } from "./master.js";

const worker = ["--workers", "1"];

describe("a pool's pid file", () => {
  it("has the master's process id while the pool serves", async () => {
    const path = join(makeFolder(), "app.pid");
    await using master = await startMaster([...worker, "--pid-file", path]);
    expect(readFileSync(path, "utf8")).toBe(`${master.pid}\n`);
    expect(lstatSync(path).mode & 0o777).toBe(0o644);
    master.signal("SIGTERM");
    expect(await master.exited()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it("survives starts that fail: the address is taken, or the application is broken", async () => {
    const folder = makeFolder();
    const path = join(folder, "app.pid");
    const args = [...worker, "--pid-file", path];
    await using running = await startMaster(args);
    await using taken = new Master(args, { listen: running.address });
    expect(await taken.exited()).toBe(2);
    const broken = writeApplication(folder, "throw new Error('broken');");
    await using failing = new Master(args, { application: broken });
    expect(await failing.exited()).toBe(2);
    expect(readFileSync(path, "utf8")).toBe(`${running.pid}\n`);
    expect(readdirSync(folder).sort()).toEqual(["app.pid", "application.mjs"]);
  });

  it("is left alone if another process has replaced it", async () => {
    const path = join(makeFolder(), "app.pid");
    const args = [...worker, "--pid-file", path];
    await using first = await startMaster(args);
    await using second = await startMaster(args);
    expect(readFileSync(path, "utf8")).toBe(`${second.pid}\n`);
    first.signal("SIGTERM");
    expect(await first.exited()).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(`${second.pid}\n`);
  });

  it("of a server that has crashed is replaced", async () => {
    const path = join(makeFolder(), "app.pid");
    writeFileSync(path, "4194303\n");
    await using master = await startMaster([...worker, "--pid-file", path]);
    expect(readFileSync(path, "utf8")).toBe(`${master.pid}\n`);
  });

  it("fails the start before anything else if it cannot be written", async () => {
    const path = join(makeFolder(), "missing", "app.pid");
    await using master = new Master([...worker, "--pid-file", path], {});
    expect(await master.exited()).toBe(2);
    expect(master.log).toMatch(/^fcgi-probe: cannot write the pid file .*ENOENT.*\nhint: .*\n$/);
    expect(existsSync(master.socket)).toBe(false);
  });

  it("fails the start before the log is created", async () => {
    const folder = makeFolder();
    const log = join(folder, "pool.log");
    const args = [...worker, "--log", log, "--pid-file", "/dev/null/app.pid"];
    await using master = new Master(args, {});
    expect(await master.exited()).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is removed if the log cannot be opened", async () => {
    const folder = makeFolder();
    const args = [...worker, "--log", folder, "--pid-file", join(folder, "app.pid")];
    await using master = new Master(args, {});
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain("cannot open the log");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a path that is not a pid file's", () => {
  it.each([
    ["a symbolic link", (path: string) => symlinkSync("/etc/hostname", path)],
    ["a symbolic link", (path: string) => symlinkSync("/nowhere", path)],
    ["a folder", (path: string) => mkdirSync(path)],
  ])("is refused: %s", (kind, make) => {
    const folder = makeFolder();
    const path = join(folder, "app.pid");
    make(path);
    expect(() => new PidFile(path)).toThrow(
      expect.objectContaining({ code: "bad_input", message: `the pid file ${path} is ${kind}` }),
    );
    expect(readdirSync(folder)).toEqual(["app.pid"]);
  });

  it("is refused: no name at all", () => {
    expect(() => new PidFile("")).toThrow("cannot write the pid file : it has no name");
  });

  it("is refused: a device", () => {
    expect(() => new PidFile("/dev/null")).toThrow("the pid file /dev/null is not a regular file");
  });

  it("is not followed if it becomes a link while the pool starts", () => {
    const folder = makeFolder();
    const path = join(folder, "app.pid");
    const victim = join(folder, "victim");
    writeFileSync(victim, "kept");
    const file = new PidFile(path);
    symlinkSync(victim, path);
    file.place();
    expect(readFileSync(victim, "utf8")).toBe("kept");
    expect(lstatSync(path).isFile()).toBe(true);
    rmSync(path);
    symlinkSync(victim, path);
    file.remove();
    expect(readdirSync(folder).sort()).toEqual(["app.pid", "victim"]);
  });
});
