import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { phpScript } from "../harness/php-fpm.js";
import { makeFolder, until } from "../harness/server-process.js";
import { ask, examineOne, findingOf, script, startPools } from "./sick-pool.js";

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

describeWith(["php-fpm", "nginx"], "doctor, of memory_limit", () => {
  it("counts the requests that needed more, by PHP's log and by the web server's", async () => {
    const folder = makeFolder();
    chmodSync(folder, 0o777);
    const extra = { "php_admin_value[memory_limit]": "8M" };
    const logged = { ...extra, "php_admin_value[error_log]": join(folder, "php.log") };
    const fpm = await startPools({
      pools: [
        { ...pool, extra: logged },
        { ...pool, name: "quiet", extra },
      ],
    });
    const greedy = script(fpm, "greedy.php", "echo strlen(str_repeat('x', 9_000_000));");
    await ask(fpm.pool("www"), 2, greedy);
    const parameters = `fastcgi_param SCRIPT_FILENAME ${greedy}; fastcgi_param REQUEST_METHOD GET;`;
    await using nginx = await startNginx(`unix:${fpm.pool("quiet").bareAddress}`, parameters);
    expect((await fetch(nginx.url)).status).toBe(500);
    for (const [name, count] of [
      ["www", "2 requests"],
      ["quiet", "1 request"],
    ] as const) {
      const { address } = fpm.pool(name);
      const title = `memory_limit of 8.0 M has ended ${count} in the last hour`;
      await until(
        async () => {
          const { findings } = await examineOne(fpm, address);
          return findings.some((finding) => finding.title === title);
        },
        () => `no "${title}"`,
      );
      const found = findingOf(await examineOne(fpm, address), "memory_limit_reached");
      expect(found).toMatchObject({
        evidence: [`${count[0]} × ${greedy}:2`, expect.stringMatching(/^the last time at \d{4}-/)],
        file: join(fpm.folder, "php-fpm.conf"),
        line: expect.any(Number),
      });
    }
  });
});
