import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runHere } from "../cli/cli.js";
import { describeWith } from "../harness/describe-with.js";
import { phpScript } from "../harness/php-fpm.js";
import {
  ask,
  examineOne,
  findingOf,
  lineOf,
  script,
  startPools,
  untilQueued,
} from "./sick-pool.js";

describeWith(["php-fpm"], "doctor, of a pool whose workers are all busy", () => {
  it("describes it from the kernel when it does not answer: slow requests", async () => {
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }],
    });
    const pool = fpm.pool("www");
    const file = join(fpm.folder, "php-fpm.conf");
    await ask(pool, 16, "sleep.php", "ms=20000");
    await untilQueued(pool, 12);
    const { code, stdout } = await runHere(["doctor", pool.address, "--php-fpm-config", file]);
    expect(code).toBe(1);
    const [first] = stdout.split("\n");
    expect(first).toMatch(
      /^www, unix:.*: saturated: 4 of 4 workers busy, 12 clients wait; requests take \d+\.\d s and more$/,
    );
    expect(stdout).toContain(`4 of 4 run ${phpScript("sleep.php")}`);
    expect(stdout).toContain("4 of 4 busy workers sleep: the script calls sleep() or usleep()");
    const line = lineOf(readFileSync(file, "utf8"), "pm.max_children");
    expect(stdout).toContain(`in: ${file}:${line}`);
    expect(stdout).toContain(
      "not looked at: the status page (12 clients already wait for a worker)",
    );
  });

  it("says that the pool is too small when requests are quick", async () => {
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "tcp" }],
    });
    const pool = fpm.pool("www");
    await ask(pool, 60, "sleep.php", "ms=400");
    const found = await examineOne(fpm, pool.address);
    expect(findingOf(found, "saturated_small")).toMatchObject({
      severity: "critical",
      title: expect.stringMatching(
        /^saturated: 1 of 1 workers busy, \d+ clients wait; requests are quick: they take under 1\.0 s$/,
      ),
      change: expect.stringMatching(
        /^raise pm\.max_children from 1 to 2 at most, and look again: a worker takes [\d.]+ [KM], for/,
      ),
    });
  });

  it("says that the processors are full when the workers compute", async () => {
    const maxChildren = availableParallelism() + 1;
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren, listen: "unix" }],
    });
    const loop = script(fpm, "loop.php", "$end = time() + 20; while (time() < $end);");
    await ask(fpm.pool("www"), maxChildren + 1, loop);
    await untilQueued(fpm.pool("www"), 1);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "saturated_cpu").title).toMatch(
      /workers busy, 1 client waits; they compute on \d+ processors?$/,
    );
  });

  it("says when all workers are busy and no client waits", async () => {
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix", statusListen: true }],
    });
    const pool = fpm.pool("www");
    await ask(pool, 2, "sleep.php", "ms=20000");
    await untilQueued(pool, 0);
    const found = await examineOne(fpm, pool.statusListenAddress ?? "");
    const { severity, evidence } = findingOf(found, "at_limit");
    expect(severity).toBe("warning");
    expect(evidence[0]).toMatch(/^2 requests have run for (\S+ s|\S+ s to \S+ s, median \S+ s)$/);
    expect(evidence).toContain(`2 of 2 run ${phpScript("sleep.php")}`);
  });

  it("finds a healthy pool healthy", async () => {
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(found).toMatchObject({ pool: "www", verdict: "healthy", findings: [], notLookedAt: [] });
  });
});
