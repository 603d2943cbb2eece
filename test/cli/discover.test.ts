import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { runHere } from "./cli.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;
let fpm: PhpFpm;
let file: string;

beforeAll(async () => {
  fpm = await startPhpFpm({
    pools: [
      { ...pool, name: "www" },
      { ...pool, name: "off", extra: { "pm.status_path": "" } },
    ],
  });
  file = join(fpm.folder, "php-fpm.conf");
});
afterAll(() => fpm.stop());

/** Runs discover on our php-fpm alone, whatever else is installed here. */
const discover = (...args: string[]) => runHere(["discover", "--php-fpm-config", file, ...args]);
const own = <Item>(items: readonly Item[]) =>
  items.filter((item) => JSON.stringify(item).includes(fpm.folder));

describe("fcgi-probe discover", () => {
  it("shows a table, also in a pipe, with what is wrong and what to do", async () => {
    const { code, stdout } = await discover();
    const lines = stdout.split("\n");
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^STATE +KIND +NAME +VERSION +ADDRESS +SOURCE$/);
    expect(lines[1]).toMatch(/^ready +phpfpm +www +8\.\d +unix:.*:\/status +.*php-fpm\.conf:\d+$/);
    expect(lines[2]).toMatch(/^status off +phpfpm +off /);
    expect(lines[4]).toBe(
      `  hint: add the line "pm.status_path = /status" below [off] in ${file}, then reload php-fpm; a restart is not needed`,
    );
  });

  it("writes all that is known as JSON", async () => {
    const { stdout } = await discover("--format", "json");
    const { targets, problems } = JSON.parse(stdout);
    expect(own(targets)).toMatchObject([
      { kind: "phpfpm", state: "ready", configuration: { name: "www", maxChildren: 1 } },
      { state: "status off" },
    ]);
    expect(own(problems)).toEqual([]);
  });

  it("writes targets for the exporter's configuration, without pools that have no page", async () => {
    const { stdout } = await discover("--format", "yaml");
    const address = fpm.pool("www").address;
    const labels = { php_version: expect.stringMatching(/^\d\.\d$/), config: file };
    expect(own(parse(stdout).targets)).toEqual([{ address, labels }]);
  });

  it("writes file_sd: groups of targets with labels, all of them texts", async () => {
    const { stdout } = await discover("--format", "file_sd");
    const labels = { php_version: expect.stringMatching(/^\d\.\d$/), config: file };
    expect(own(JSON.parse(stdout))).toEqual([{ targets: [fpm.pool("www").address], labels }]);
  });

  it("reports a file that is missing, and goes on", async () => {
    const { stderr, stdout } = await discover("--php-fpm-config", "/nowhere/php-fpm.conf");
    expect(stdout).toContain("www");
    expect(stderr).toContain("warning: /nowhere/php-fpm.conf: /nowhere/php-fpm.conf is missing");
    expect(stderr).toContain("  hint: ");
  });
});
