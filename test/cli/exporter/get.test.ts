import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runHere, spawnCommand } from "../cli.js";
import { goodPool, start } from "../fake-pool.js";

it.each([
  [["version"]],
  [["--version"]],
  [["exporter", "version"]],
  [["exporter", "--version"]],
  [["server", "--version"]],
])("%j prints the version", async (command) => {
  const file = new URL("../../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  const { code, stdout, stderr } = await spawnCommand(command);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(new RegExp(`(?:^| )${version}\\b[^\\n]*\\n`));
});

describe("get", () => {
  it.each([[["get"]], [["exporter", "get"]]])("%j prints the status of pools", async (command) => {
    const target = await start(goodPool);
    const { code, stdout, stderr } = await runHere([...command, "--phpfpm.scrape-uri", target]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^POOL .*\nwww /);
  });

  it("--out json is an array, also of pools with processes", async () => {
    const target = await start(goodPool);
    const args = ["get", "--out", "json", "--phpfpm.scrape-uri", `${target},127.0.0.1:1/status`];
    const { code, stdout } = await runHere(args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { target, ok: true, pool: "www" },
      { target: "127.0.0.1:1/status", ok: false, error: { code: "refused" } },
    ]);
  });

  it("is not 0 when a target failed", async () => {
    const { code, stderr } = await runHere(["get"], {
      env: { PHP_FPM_SCRAPE_URI: "127.0.0.1:1/status" },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fcgi-probe: 127\.0\.0\.1:1\/status: connection refused\nhint: /);
  });
});
