import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { identityOf, isRootByDefault } from "../../src/pool/identity.js";
import { findUser } from "../../src/transport/accounts.js";
import { makeFolder } from "../harness/server-process.js";
import { application, Master, startMaster } from "./master.js";

const isRoot = process.geteuid?.() === 0;

/** A copy of the application that every user may read. */
function readable(): string {
  const folder = makeFolder();
  chmodSync(folder, 0o755);
  const path = join(folder, "app.mjs");
  copyFileSync(application, path);
  return path;
}

/** The numbers in one line of a process's status in /proc. */
function numbersOf(pid: number, name: string): number[] {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const line = status.split("\n").find((each) => each.startsWith(`${name}:`)) ?? "";
  return [...line.matchAll(/\d+/g)].map(Number);
}

describe.runIf(isRoot)("a pool that root starts", () => {
  const warning = "running as root";

  it("logs one warning if no user is given", async () => {
    await using master = await startMaster(["--workers", "3"]);
    expect(master.log.split(warning)).toHaveLength(2);
  });

  it.each(["shared", "delegate"])("runs its workers as the given user: %s", async (mode) => {
    const args = ["--workers", "2", "--pm", "static", "--mode", mode, "--user", "nobody"];
    await using master = await startMaster(args, { application: readable() });
    await master.hasWorkers(2);
    const { uid, gid = 0, home } = findUser("nobody");
    for (const pid of master.workers) {
      expect(numbersOf(pid, "Uid")).toEqual([uid, uid, uid, uid]);
      expect(numbersOf(pid, "Gid")).toEqual([gid, gid, gid, gid]);
      expect(numbersOf(pid, "Groups")).toEqual([gid]);
    }
    expect(numbersOf(master.pid, "Uid")).toEqual([0, 0, 0, 0]);
    const seen = JSON.parse((await master.request("/env")).text) as Record<string, string>;
    expect(seen).toMatchObject({ USER: "nobody", LOGNAME: "nobody", HOME: home });
    expect(master.log).not.toContain(warning);
    master.signal("SIGHUP");
    await master.logged(/exited with code 0/, 2);
    expect((await master.request("/")).text).toBe("hello");
  });

  it("runs its workers with the given numbers", async () => {
    const args = ["--workers", "1", "--user", "23456", "--group", "12345"];
    await using master = await startMaster(args, { application: readable() });
    const [worker = 0] = master.workers;
    expect(numbersOf(worker, "Uid")).toEqual([23_456, 23_456, 23_456, 23_456]);
    expect(numbersOf(worker, "Gid")).toEqual([12_345, 12_345, 12_345, 12_345]);
    expect(numbersOf(worker, "Groups")).toEqual([12_345]);
  });

  it("does not start when that user may not read the application", async () => {
    const path = readable();
    chmodSync(path, 0o600);
    await using master = new Master(["--workers", "1", "--user", "nobody"], { application: path });
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain(`this user may not read ${path}`);
  });
});

describe("the identity of workers", () => {
  const as = <Result>(uid: number, read: () => Result): Result => {
    const spies = [
      vi.spyOn(process as Required<typeof process>, "geteuid").mockReturnValue(uid),
      vi.spyOn(process as Required<typeof process>, "getegid").mockReturnValue(uid),
    ];
    try {
      return read();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  };

  it("never has root's group because a number has no account", () => {
    expect(() => as(0, () => identityOf({ user: 23_456 }))).toThrow(
      "user 23456 has no account, and so no group",
    );
    expect(as(0, () => identityOf({ user: 23_456, group: 0 }))).toMatchObject({ gid: 0 });
  });

  it("is that of their master by default", () => {
    expect(identityOf({})).toBeUndefined();
    expect(as(1_000, () => isRootByDefault({}))).toBe(false);
    expect(as(0, () => isRootByDefault({}))).toBe(true);
    expect(as(0, () => isRootByDefault({ group: 1 }))).toBe(true);
    expect(as(0, () => isRootByDefault({ user: "root" }))).toBe(false);
  });

  it("can only be changed by root", () => {
    expect(as(54_321, () => identityOf({ user: 54_321 }))).toBeUndefined();
    expect(as(54_321, () => identityOf({ user: 54_321, group: 54_321 }))).toBeUndefined();
    for (const wanted of [{ user: 0 }, { user: "root" }, { group: 0 }]) {
      expect(() => as(54_321, () => identityOf(wanted))).toThrow(
        expect.objectContaining({ code: "bad_input" }),
      );
    }
    expect(as(0, () => identityOf({ user: 23_456, group: 5 }))).toMatchObject({
      uid: 23_456,
      gid: 5,
    });
  });
});
