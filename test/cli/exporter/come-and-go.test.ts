import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { startPhpFpm } from "../../harness/php-fpm.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;

describeWith(["php-fpm", "apache2"], "an exporter that finds its targets", () => {
  const folderOfConfig = makeFolder();
  let exporter: RunningExporter;
  beforeAll(async () => {
    const config = join(folderOfConfig, "site.yaml");
    writeFileSync(config, "discover: { php_fpm: true, apache: true, interval: 1s }\n");
    exporter = await startExporter(["--config", config]);
  });
  afterAll(async () => {
    await exporter?.[Symbol.asyncDispose]();
    rmSync(folderOfConfig, { recursive: true });
  });

  /** The state of each pool of php-fpm in a folder, by name. */
  async function poolsIn(folder: string): Promise<Record<string, number>> {
    const text = await exporter.get("/metrics");
    const line = /^phpfpm_up\{pool="([^"]*)",scrape_uri="([^"]*)"\} ([01])$/gm;
    return Object.fromEntries(
      [...text.matchAll(line)]
        .filter(([, , uri]) => uri?.includes(folder))
        .map(([, name, , up]) => [name, Number(up)]),
    );
  }

  async function become(folder: string, expected: Record<string, number>): Promise<void> {
    let last: unknown;
    await until(
      async () => {
        last = await poolsIn(folder);
        return JSON.stringify(last) === JSON.stringify(expected);
      },
      () => `there is ${JSON.stringify(last)}:\n${exporter.log}`,
    );
  }

  it("reads pools of a php-fpm that starts, of a reload, and none of one that has stopped", async () => {
    const fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    const { folder } = fpm;
    await become(folder, { www: 1 });
    const more = `[more]\nuser = root\ngroup = root\nlisten = ${folder}/more.sock\npm = ondemand\npm.max_children = 4\npm.status_path = /more-status\n`;
    appendFileSync(join(folder, "php-fpm.conf"), more);
    await fpm.reload();
    await become(folder, { www: 1, more: 1 });
    expect(await exporter.get("/metrics")).toMatch(/^phpfpm_max_children\{pool="more",.*\} 4$/m);
    await fpm.stop();
    await become(folder, {});
    expect(exporter.log).not.toContain("level=ERROR");
  });

  it("reads an httpd that starts, and not one that has stopped", async () => {
    const servers = async () => {
      const groups = JSON.parse(await exporter.get("/sd")) as { targets: string[] }[];
      return groups.flatMap(({ targets }) => targets);
    };
    const apache = await startApache({ mpm: "event" });
    const address = `${apache.url}/server-status?auto`;
    await until(
      async () => (await servers()).includes(address),
      () => `${address} is not found:\n${exporter.log}`,
    );
    const target = encodeURIComponent(address);
    expect(await exporter.get(`/probe?target=${target}`)).toMatch(/^apache_up(\{.*\})? 1$/m);
    await apache.stop();
    await until(
      async () => !(await servers()).includes(address),
      () => `${address} is still there:\n${exporter.log}`,
    );
  });
});
