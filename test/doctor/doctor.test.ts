import { join } from "node:path";
import { expect, it } from "vitest";
import { doctorText } from "../../src/cli/reports/doctor.js";
import { examine } from "../../src/doctor/doctor.js";
import { styleFor } from "../../src/terminal/style.js";
import { runHere } from "../cli/cli.js";
import { describeWith } from "../harness/describe-with.js";
import { ask, examineOne, findingOf, startPools, untilQueued } from "./sick-pool.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;

describeWith(["php-fpm"], "doctor", () => {
  it("examines many pools at once, and shows the sick ones first", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `pool${index}`);
    const fpm = await startPools({ pools: names.map((name) => ({ ...pool, name })) });
    await ask(fpm.pool("pool7"), 4, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("pool7"), 3);
    const args = ["doctor", "--php-fpm-config", join(fpm.folder, "php-fpm.conf")];
    const { code, stdout } = await runHere([
      ...args,
      ...names.map((name) => fpm.pool(name).address),
    ]);
    expect(code).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(
      /^1 of 20 pools have findings; the worst: pool7, saturated: 1 of 1 workers busy, 3 clients wait/,
    );
    expect(lines[2]).toMatch(/^pool7, unix:.*: saturated: /);
    expect(stdout).toMatch(/^healthy: pool0, pool1, .*, and 9 more$/m);
  });

  it("leaves pools out where time is short, and looks first where clients wait", async () => {
    const names = Array.from({ length: 3 }, (_, index) => `pool${index}`);
    const fpm = await startPools({ pools: names.map((name) => ({ ...pool, name })) });
    await ask(fpm.pool("pool2"), 4, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("pool2"), 3);
    const targets = [
      ...Array.from({ length: 420 }, (_, index) => `unix:/nowhere/${index}.sock`),
      fpm.pool("pool2").address,
    ];
    const configurations = [join(fpm.folder, "php-fpm.conf")];
    const { pools, leftOut } = await examine(targets, { configurations, beginWithin: 0 });
    expect(pools.length).toBeGreaterThanOrEqual(400);
    expect(pools.length + leftOut).toBe(421);
    expect(leftOut).toBeGreaterThan(0);
    expect(pools.map((each) => each.pool)).toContain("pool2");
    const text = doctorText({ pools, leftOut, problems: [] }, styleFor(false, {}));
    expect(text).toMatch(/^\d+ more pools? (?:was|were) left out for want of time: /m);
  });

  it("describes a pool whose configuration is not found, by the inode of its socket", async () => {
    const fpm = await startPools({ pools: [{ ...pool, name: "www" }] });
    await ask(fpm.pool("www"), 4, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 3);
    const configurations = ["/no/such/php-fpm.conf"];
    const found = await examineOne(fpm, fpm.pool("www").address, { configurations });
    expect(findingOf(found, "saturated_slow").title).toMatch(
      /^saturated: 1 of 1 workers busy, 3 clients wait; requests take \d\.\d s and more$/,
    );
    expect(found.notLookedAt.map(({ what }) => what)).toContain("the configuration");
  });

  it("reads the page of pm.status_listen, whatever address is given", async () => {
    const fpm = await startPools({ pools: [{ ...pool, name: "www", statusListen: true }] });
    await ask(fpm.pool("www"), 4, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 3);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "saturated_slow").severity).toBe("critical");
    expect(found.notLookedAt).toEqual([]);
  });
});
