import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startApacheFront } from "../harness/front-ends/apache.js";
import { startNginx } from "../harness/nginx.js";
import { freePort } from "../harness/ports.js";
import { until } from "../harness/server-process.js";
import { ask, connectMany, examineOne, findingOf, startPools, untilQueued } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 1, listen: "unix" } as const;
const isRoot = process.getuid?.() === 0;

async function nginxBefore(path: string, location = "", user = "root") {
  const nginx = await startNginx(`unix:${path}`, location, "", user);
  onTestFinished(() => nginx.stop());
  return nginx;
}

describeWith(["php-fpm", "nginx"], "doctor, of the nginx before a pool", () => {
  it.runIf(isRoot)(
    "finds that its user may not connect, before and after it has tried",
    async () => {
      const extra = { "listen.mode": "0600" };
      const fpm = await startPools({ pools: [{ ...pool, extra }] });
      chmodSync(fpm.folder, 0o755);
      const { bareAddress, address } = fpm.pool("www");
      const nginx = await nginxBefore(bareAddress, "", "www-data");
      const before = findingOf(await examineOne(fpm, address), "web_server_denied");
      expect(before).toMatchObject({
        severity: "critical",
        title: expect.stringMatching(
          `^nginx may not connect: ${bareAddress} is closed to user \\d+ \\(www-data\\)$`,
        ),
        evidence: [expect.stringMatching(/nginx\.conf:\d+ passes requests to the pool$/)],
        file: join(fpm.folder, "php-fpm.conf"),
      });
      expect((await fetch(nginx.url)).status).toBe(502);
      const after = findingOf(await examineOne(fpm, address), "web_server_denied");
      expect(after.evidence[1]).toMatch(/^nginx logged "Permission denied" 1 time, the last/);
    },
  );

  it("counts the requests that the full accept queue has refused", async () => {
    const fpm = await startPools({ pools: [{ ...pool, backlog: 2 }] });
    const { bareAddress, address } = fpm.pool("www");
    const nginx = await nginxBefore(bareAddress);
    await ask(fpm.pool("www"), 1, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 0);
    await connectMany(fpm.pool("www"), 3);
    await untilQueued(fpm.pool("www"), 3);
    expect((await fetch(nginx.url)).status).toBe(502);
    const found = findingOf(await examineOne(fpm, address), "web_server_refused");
    expect(found).toMatchObject({
      title: "nginx was refused by the full accept queue 1 time in the last hour",
      file: expect.stringMatching(/nginx\.conf$/),
    });
    const line = readFileSync(found.file ?? "", "utf8").split("\n")[(found.line ?? 0) - 1];
    expect(line).toContain(bareAddress);
  });

  it("counts the requests that it gave up, and answers that were broken off", async () => {
    const fpm = await startPools({ pools: [{ ...pool, maxChildren: 2 }] });
    const { bareAddress, address } = fpm.pool("www");
    const script = (name: string) =>
      [
        `SCRIPT_FILENAME ${fpm.documentRoot}/${name}`,
        "REQUEST_METHOD $request_method",
        "QUERY_STRING $query_string",
      ]
        .map((parameter) => `fastcgi_param ${parameter};`)
        .join(" ");
    const slow = await nginxBefore(bareAddress, `${script("sleep.php")} fastcgi_read_timeout 1s;`);
    expect((await fetch(`${slow.url}/?ms=3000`)).status).toBe(504);
    const crashing = await nginxBefore(bareAddress, script("crash.php"));
    expect((await fetch(crashing.url)).status).toBe(502);
    const found = await examineOne(fpm, address);
    expect(findingOf(found, "web_server_timeouts").title).toBe(
      "nginx gave up waiting for an answer 1 time in the last hour",
    );
    expect(findingOf(found, "web_server_errors").title).toBe(
      "nginx got an answer that was broken off 1 time in the last hour",
    );
  });
});

describeWith(["php-fpm", "apache2"], "doctor, of the httpd before a pool", () => {
  it("counts the times that it found nothing listening", async () => {
    const fpm = await startPools({ pools: [{ ...pool, listen: "tcp" }] });
    const { bareAddress, address } = fpm.pool("www");
    const port = await freePort();
    const route = { name: "mod_proxy_fcgi", backend: bareAddress, port };
    const httpd = await startApacheFront([route]);
    onTestFinished(() => httpd.stop());
    await fpm.stop();
    expect((await fetch(`http://127.0.0.1:${port}/x.php`)).status).toBe(503);
    await until(
      () => httpd.log().includes("AH01079") || httpd.log().includes("AH00957"),
      () => httpd.log(),
    );
    const found = await examineOne(fpm, address);
    expect(findingOf(found, "not_running").severity).toBe("critical");
    expect(findingOf(found, "web_server_down").evidence[0]).toMatch(
      /:\d+ passes requests to the pool$/,
    );
  });
});
