import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { discover } from "../../src/discovery/discover.js";
import { status } from "../../src/phpfpm/status.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { makeFolder } from "../harness/server-process.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;

/** What is found of one php-fpm. */
async function targetsOf({ folder }: PhpFpm) {
  const { targets, problems } = await discover({ apache: false });
  return {
    targets: targets.filter(({ source }) => source.startsWith(folder)),
    problems: problems.filter(({ source }) => source.startsWith(folder)),
  };
}

describe("discover", () => {
  it("finds the pools of a running master, and addresses that answer", async () => {
    await using fpm = await startPhpFpm({
      pools: [
        { ...pool, name: "unix" },
        { ...pool, name: "tcp", listen: "tcp" },
        { ...pool, name: "idle", pm: "ondemand" },
        { ...pool, name: "status", statusListen: true },
      ],
    });
    const { targets, problems } = await targetsOf(fpm);
    expect(problems).toEqual([]);
    expect(targets.map(({ labels, state }) => [labels["pool"], state])).toEqual([
      ["unix", "ready"],
      ["tcp", "ready"],
      ["idle", "ready"],
      ["status", "ready"],
    ]);
    expect(targets.map(({ labels }) => labels["config"])[0]).toBe(join(fpm.folder, "php-fpm.conf"));
    for (const { address, labels } of targets) {
      expect((await status(address)).pool).toBe(labels["pool"]);
    }
    expect(targets[3]?.address).toBe(fpm.pool("status").statusListenAddress);
  });

  it("reaches by loopback a pool that listens on all addresses", async () => {
    const port = await freePort();
    await using fpm = await startPhpFpm({
      pools: [{ ...pool, name: "all", extra: { listen: `0.0.0.0:${port}` } }],
    });
    const { targets } = await targetsOf(fpm);
    expect(targets[0]).toMatchObject({ address: `127.0.0.1:${port}/status`, state: "ready" });
  });

  it("says which line switches the status page on, and that a reload suffices", async () => {
    await using fpm = await startPhpFpm({
      pools: [{ ...pool, name: "www", extra: { "pm.status_path": "" } }],
    });
    const file = join(fpm.folder, "php-fpm.conf");
    const { targets } = await targetsOf(fpm);
    expect(targets[0]).toMatchObject({
      address: `unix:${fpm.pool("www").bareAddress}`,
      state: "status off",
      hint: `add the line "pm.status_path = /status" below [www] in ${file}, then reload php-fpm; a restart is not needed`,
    });
  });

  it("tells that a new pool needs a reload", async () => {
    await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    const file = join(fpm.folder, "php-fpm.conf");
    const more = `[new]\nlisten = ${fpm.folder}/new.sock\npm = static\npm.max_children = 1\npm.status_path = /status\n`;
    writeFileSync(file, more, { flag: "a" });
    const { targets } = await targetsOf(fpm);
    expect(targets[1]).toMatchObject({ labels: { pool: "new" }, state: "not running" });
    expect(targets[1]?.hint).toContain("reload php-fpm");
  });

  it("reports a configuration that php-fpm would refuse, with file and line", async () => {
    await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    const file = join(fpm.folder, "php-fpm.conf");
    writeFileSync(file, "[www]\n# a comment\n");
    const { targets, problems } = await targetsOf(fpm);
    expect(targets).toEqual([]);
    expect(problems[0]?.message).toContain(`${file}:2: `);
    expect(problems[0]?.message).toContain("comments begin with ;");
    expect(problems[0]?.message).toContain("php-fpm still runs with what it read before");
  });

  it("does not guess what depends on the master's environment", async () => {
    const folder = makeFolder();
    const file = join(folder, "php-fpm.conf");
    const text = (listen: string, children: string) =>
      `[www]\nlisten = ${listen}\npm = static\npm.max_children = ${children}\n`;
    writeFileSync(file, text(`${folder}/x.sock`, "$" + "{CHILDREN}"));
    const known = await discover({ phpFpm: [file], apache: false });
    expect(known.targets[0]?.configuration).toMatchObject({
      maxChildren: undefined,
      unknown: ["pm.max_children depends on $" + "{CHILDREN}"],
    });
    writeFileSync(file, text("$" + "{WHERE}", "1"));
    const unknown = await discover({ phpFpm: [file], apache: false });
    expect(unknown.targets).toEqual([]);
    // Other tests may run php-fpm masters, about which there may be problems, too.
    expect(unknown.problems).toContainEqual(
      expect.objectContaining({
        source: `${file}:2`,
        message: expect.stringContaining("depends on $" + "{WHERE}"),
      }),
    );
    rmSync(folder, { recursive: true });
  });

  it("finds sockets by a pattern, but not those of known pools", async () => {
    await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    mkdirSync(join(fpm.folder, "more"));
    const path = join(fpm.folder, "more", "x.sock");
    const other = createServer().listen(path);
    const sockets = [`${fpm.folder}/*.sock`, `${fpm.folder}/*/*.sock`];
    const { targets } = await discover({ apache: false, sockets });
    other.close();
    const own = targets.filter(({ address }) => address.includes(fpm.folder));
    expect(own.map(({ address, state }) => [address, state])).toEqual([
      [fpm.pool("www").address, "ready"],
      [`unix:${path}`, "unknown"],
    ]);
  });
});
