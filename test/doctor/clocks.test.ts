import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { status } from "../../src/phpfpm/status.js";
import { describeWith } from "../harness/describe-with.js";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { examineOne, findingOf, startPools } from "./sick-pool.js";

const pools = [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }] as const;

describeWith(["php-fpm", "libfaketime"], "doctor, of clocks", () => {
  const library = () => ({ LD_PRELOAD: requireServer("libfaketime"), DONT_FAKE_MONOTONIC: "1" });

  it("says by how much the pool's clock is wrong", async () => {
    const fpm = await startPools({ pools, env: { ...library(), FAKETIME: "-3600s" } });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "clock_skew").title).toBe("the pool's clock is 60 min slow");
    expect(found.findings).toHaveLength(1);
  });

  it("says by how much the clock was changed since the start", async () => {
    const folder = makeFolder();
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "time");
    writeFileSync(file, "-7200s\n");
    const env = { ...library(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" };
    const fpm = await startPools({ pools, env });
    // A worker that answers has read the clock.
    await status(fpm.pool("www").address);
    writeFileSync(file, "+0s\n");
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "clock_changed").title).toBe(
      "the clock was changed by 2 h since workers were started",
    );
    expect(found.findings).toHaveLength(1);
  });
});
