import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPoolTargets } from "../../src/discovery/pool-targets.js";
import { startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder } from "../harness/server-process.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;

describe("S0.1 the pools for a command without a TARGET", () => {
  it("have the paths of the page that the command reads", async () => {
    await using fpm = await startPhpFpm({
      pools: [
        { ...pool, name: "both" },
        { ...pool, name: "no-ping", extra: { "ping.path": "" } },
        { ...pool, name: "no-status", extra: { "pm.status_path": "" } },
      ],
    });
    const phpFpm = [join(fpm.folder, "php-fpm.conf")];
    const path = (name: string) => `unix:${fpm.pool(name).bareAddress}`;

    const status = await findPoolTargets("status", { phpFpm });
    expect(status.addresses).toEqual([`${path("both")}:/status`, `${path("no-ping")}:/status`]);
    expect(status.problems.map(({ hint }) => hint)).toEqual([
      expect.stringContaining('add the line "pm.status_path = /status" below [no-status]'),
    ]);

    expect(status.without).toMatchObject([{ name: "no-status", isRunning: true }]);

    const ping = await findPoolTargets("ping", { phpFpm });
    expect(ping.addresses).toEqual([`${path("both")}:/ping`, `${path("no-status")}:/ping`]);
    expect(ping.problems.map(({ hint }) => hint)).toEqual([
      expect.stringContaining('add the line "ping.path = /ping" below [no-ping]'),
    ]);
  });

  it("are told from those that do not run and have no page", async () => {
    const folder = makeFolder();
    const file = join(folder, "down.conf");
    const pools = [
      ["up", "pm.status_path = /status"],
      ["down", ""],
    ].map(
      ([name, line]) =>
        `[${name}]\nuser = nobody\npm = static\npm.max_children = 1\nlisten = ${folder}/${name}.sock\n${line}\n`,
    );
    writeFileSync(file, pools.join(""));
    const { addresses, without } = await findPoolTargets("status", { phpFpm: [file] });
    expect(addresses).toEqual([`unix:${folder}/up.sock:/status`]);
    expect(without).toMatchObject([{ name: "down", isRunning: false }]);
  });

  it("are missed with an error that says why", async () => {
    const file = join(makeFolder(), "none.conf");
    await expect(findPoolTargets("status", { phpFpm: [file] })).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining(`${file} is missing`),
    });
  });
});
