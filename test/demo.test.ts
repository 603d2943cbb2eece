import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { until } from "./harness/server-process.js";

const script = fileURLToPath(new URL("../scripts/demo.mjs", import.meta.url));

function startDemo(pool: string) {
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, FCGI_PROBE_DEMO_POOL: pool, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const shown = { stdout: "", stderr: "" };
  child.stdout.on("data", (bytes: Buffer) => {
    shown.stdout += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    shown.stderr += bytes.toString();
  });
  return { child, shown, closed: once(child, "close") };
}

const socketOf = (stdout: string) => / on unix:(\S+\.sock)\./.exec(stdout)?.[1];

describe("npm run demo, with the embedded pool,", () => {
  it("shows the pool's status, the same as JSON and as metrics, and leaves nothing behind", async () => {
    const { shown, closed } = startDemo("embedded");
    const [code] = await closed;
    expect([code, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toMatch(/^The pool is the pre-forking pool of this package/);
    const json = /^\[\n[\s\S]*?^\]$/m.exec(shown.stdout)?.[0] ?? "";
    // 100 quick requests, two slow ones, and the page itself, twice: a worker answers that too.
    const [pool] = JSON.parse(json);
    expect(pool).toMatchObject({ ok: true, pool: "embedded", acceptedConn: 104 });
    expect(pool).toMatchObject({ activeProcesses: 3, totalProcesses: 4 });
    expect(new Set(pool.processes.map(({ pid }: { pid: number }) => pid)).size).toBe(4);
    expect(shown.stdout.split(json)[0]).toContain("/sleep.php?ms=");
    const [, page = "", metrics = ""] =
      /^The exporter's page is (http:\/\/127\.0\.0\.1:\d+)\/\. [^\n]*\n((?:phpfpm_.*\n)*)/m.exec(
        shown.stdout,
      ) ?? [];
    expect(metrics.match(/^\w+/gm)).toEqual([
      "phpfpm_accepted_connections",
      "phpfpm_active_processes",
      "phpfpm_max_active_processes",
    ]);
    expect(metrics).toMatch(/^phpfpm_accepted_connections\{.*pool="embedded".*\} 105$/m);
    await expect(fetch(page)).rejects.toThrow();
    expect(existsSync(socketOf(shown.stdout) ?? expect.fail())).toBe(false);
  });

  it("stops what it started when it is interrupted", async () => {
    const { child, shown, closed } = startDemo("embedded");
    await until(
      () => shown.stdout.includes("It has answered"),
      () => shown.stdout + shown.stderr,
    );
    child.kill("SIGINT");
    const [code] = await closed;
    expect(code).toBe(130);
    expect(existsSync(socketOf(shown.stdout) ?? expect.fail())).toBe(false);
  });
});
