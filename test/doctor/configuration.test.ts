import { appendFileSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { examineOne, findingOf, lineOf, startPools } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 2, listen: "unix" } as const;

describeWith(["php-fpm"], "doctor, of a configuration", () => {
  it("says that it was changed and not reloaded, until it is", async () => {
    const fpm = await startPools({ pools: [pool] });
    const file = join(fpm.folder, "php-fpm.conf");
    const soon = Date.now() / 1_000 + 2;
    utimesSync(file, soon, soon);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "not_reloaded")).toMatchObject({
      title: `${file} was changed after php-fpm had read it`,
      change: expect.stringContaining(`kill -USR2 ${fpm.pid}`),
      file,
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await fpm.reload();
    const after = await examineOne(fpm, fpm.pool("www").address);
    expect(after.findings).toEqual([]);
  });

  it("says that php-fpm would refuse it, with the line", async () => {
    const fpm = await startPools({ pools: [pool] });
    const file = join(fpm.folder, "php-fpm.conf");
    appendFileSync(file, "\nno.such = 1\n");
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "configuration_refused")).toMatchObject({
      severity: "critical",
      evidence: [expect.stringContaining('"no.such" is no directive of a pool')],
      file,
      line: lineOf(readFileSync(file, "utf8"), "no.such"),
    });
  });

  it("says that a file has a time that is still to come", async () => {
    const fpm = await startPools({ pools: [pool] });
    const file = join(fpm.folder, "php-fpm.conf");
    const tomorrow = Date.now() / 1_000 + 86_400;
    utimesSync(file, tomorrow, tomorrow);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "file_from_future").title).toBe(
      `${file} has a time that is still to come`,
    );
  });

  it("finds more workers than memory holds", async () => {
    const fpm = await startPools({ pools: [{ ...pool, pm: "ondemand", maxChildren: 100_000 }] });
    const found = await examineOne(fpm, fpm.pool("www").address);
    // The worker that wrote the page was started after the first look.
    const again = await examineOne(fpm, fpm.pool("www").address);
    expect(found.pool).toBe("www");
    const { title, evidence, line } = findingOf(again, "memory_overcommit");
    expect(title).toMatch(
      /^memory for \d+ workers, and pm\.max_children is 100000: they would need \d+ [GT] of [\d.]+ G$/,
    );
    expect(evidence[0]).toMatch(/^1 worker has [\d.]+ [KM] of private memory/);
    expect(line).toBe(
      lineOf(readFileSync(join(fpm.folder, "php-fpm.conf"), "utf8"), "max_children"),
    );
  });
});
