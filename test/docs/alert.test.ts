import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ask, startPools } from "../doctor/sick-pool.js";
import { describeWith } from "../harness/describe-with.js";
import { Incident } from "../packaging/incident.js";
import { blocksOf, readPage } from "./pages.js";

describeWith(["php-fpm", "promtool"], "the alert of docs/monitoring.md", () => {
  it("fires for a pool whose workers are busy while clients wait, although its page is silent", async () => {
    const rules = blocksOf(readPage("docs/monitoring.md")).find(({ text }) =>
      text.includes("PoolSaturated"),
    );
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const file = join(fpm.folder, "rules.yaml");
    writeFileSync(file, rules?.text ?? "");
    const pool = fpm.pool("www");
    await using incident = await Incident.of(pool.address, /^phpfpm_up\{.*\} 1$/m);
    await ask(pool, 6, "sleep.php", "ms=30000");
    const saturated = /^phpfpm_diagnosis\{.*"saturated".*\} 1$/m;
    const result = await incident.expectAlerts("drop-in", saturated, ["PoolSaturated"], file);
    expect(result).toMatch(/SUCCESS\s*$/);
  }, 60_000);
});
