import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { phpScript } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { ask, examineOne, findingOf, startPools } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 3, listen: "unix" } as const;

describeWith(["php-fpm"], "doctor, of php-fpm's logs", () => {
  it("counts slow requests by the call that was slow, and requests that were terminated", async () => {
    const fpm = await startPools({
      pools: [{ ...pool, requestSlowlogTimeout: 1, requestTerminateTimeout: 3 }],
    });
    await ask(fpm.pool("www"), 2, "sleep.php", "ms=20000&token=secret");
    await until(
      () => /execution timed out[\s\S]*execution timed out/.test(fpm.log()),
      () => fpm.log(),
    );
    const found = await examineOne(fpm, fpm.pool("www").address);
    const sleeping = phpScript("sleep.php");
    expect(findingOf(found, "slow_requests")).toMatchObject({
      title: "2 requests were slower than 1.0 s in the last hour",
      evidence: [
        expect.stringMatching(`^2 × ${sleeping}, in usleep\\(\\) at ${sleeping}:\\d+$`),
        expect.stringMatching(/^the last time at \d{4}-/),
      ],
      file: sleeping,
      line: expect.any(Number),
    });
    expect(findingOf(found, "requests_terminated")).toMatchObject({
      title: "request_terminate_timeout has ended 2 requests in the last hour",
      evidence: [`2 × ${sleeping}`, expect.any(String)],
    });
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it("knows that pm.max_children was reached, and that workers were started in a hurry", async () => {
    const fpm = await startPools({ pools: [{ ...pool, pm: "dynamic", maxChildren: 7 }] });
    await ask(fpm.pool("www"), 20, "sleep.php", "ms=20000");
    await until(
      () => /reached pm.max_children/.test(fpm.log()) && /seems busy/.test(fpm.log()),
      () => fpm.log(),
      15_000,
    );
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "max_children_reached").title).toBe(
      "pm.max_children was reached 1 time in the last hour",
    );
    expect(findingOf(found, "spawns_late").title).toMatch(
      /^php-fpm has started workers in a hurry \d times? in the last hour$/,
    );
  }, 30_000);
});
