import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeWith } from "./harness/describe-with.js";
import { until } from "./harness/server-process.js";
import { startTmux } from "./harness/tmux.js";

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
    const json = /^\{.*\}$/m.exec(shown.stdout)?.[0] ?? "";
    // 100 quick requests, two slow ones, and the page itself, twice: a worker answers that too.
    const pool = JSON.parse(json);
    expect(pool).toMatchObject({ ok: true, pool: "embedded", acceptedConn: 104 });
    expect(pool).toMatchObject({ activeProcesses: 3, totalProcesses: 4 });
    const [table = ""] = shown.stdout.split(json);
    expect(table.match(/^ *\d+ +(?:Running|Idle) /gm)).toHaveLength(4);
    expect(table).toContain("/sleep.php?ms=");
    expect(shown.stdout.match(/^\$ npx fcgi-probe \w+ unix:\S+/gm)).toHaveLength(3);
    const [, metrics = "", page = ""] =
      /^((?:phpfpm_.*\n)+)The exporter's page was (http:\S+)\/: .*\nTo keep one, run npx .*\n$/m.exec(
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

describeWith(["tmux"], "npm run demo on a terminal", () => {
  it("keeps the exporter's page until Enter", async () => {
    const env = { FCGI_PROBE_DEMO_POOL: "embedded" };
    const terminal = startTmux(`${process.execPath} ${script}`, { columns: 200, rows: 50, env });
    try {
      // A wait has 10 s, and the whole demo takes about as long on a busy machine.
      for (const part of [/^It has answered/m, /"ok":true/]) await terminal.shows(part);
      const shown = await terminal.shows(/, until you press Enter\.\nTo keep one, run npx /);
      const page = /^The exporter's page is (\S+),/m.exec(shown.join("\n"))?.[1] ?? "";
      expect(await (await fetch(page)).text()).toContain("<title>fcgi-probe exporter");
      terminal.press("Enter");
      await terminal.shows(/^exit 0$/m);
      await expect(fetch(page)).rejects.toThrow();
    } finally {
      terminal.stop();
    }
  });
});
