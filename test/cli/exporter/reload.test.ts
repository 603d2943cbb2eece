import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seriesValue } from "../../exporter/targets.js";
import { startFakeServer } from "../../harness/fake-server.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { goodPool } from "../fake-pool.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

/** Waits until a series has at least a value, and returns the value. */
async function atLeast(exporter: RunningExporter, series: string, least: number): Promise<number> {
  let value: number | undefined;
  await until(
    async () => {
      value = seriesValue(await exporter.get("/metrics"), series);
      return value !== undefined && value >= least;
    },
    () => `${series} is ${value}:\n${exporter.log}`,
  );
  return value as number;
}

const httpd = "http://127.0.0.1:1/server-status?auto";

describe("a reload of the running exporter", () => {
  it.each([
    ["SIGHUP", async (exporter: RunningExporter) => exporter.signal("SIGHUP")],
    [
      "POST /-/reload",
      async ({ url }: RunningExporter) => void (await fetch(`${url}/-/reload`, { method: "POST" })),
    ],
  ])("by %s keeps the name and the failures of targets that stay", async (_, reload) => {
    const file = join(makeFolder(), "site.yaml");
    const pool = await startFakeServer(goodPool, { listen: "tcp" });
    const target = `${pool.address}/status`;
    const write = (...targets: string[]) =>
      writeFileSync(file, `web: { lifecycle: true }\ntargets: ${JSON.stringify(targets)}\n`);
    write(target, httpd);
    await using exporter = await startExporter([`--config=${file}`]);
    const up = `phpfpm_up{pool="www",scrape_uri="${target}"}`;
    await atLeast(exporter, up, 1);
    await pool.stop();
    const failures = `phpfpm_scrape_failures{pool="www",scrape_uri="${target}"}`;
    const ofHttpd = "apache_exporter_scrape_failures_total";
    const before = await atLeast(exporter, failures, 2);
    const httpdBefore = await atLeast(exporter, ofHttpd, 2);

    write(target, "127.0.0.1:1/new", httpd);
    await reload(exporter);
    await exporter.logs(/msg="the configuration was read again" targets=3/);
    const text = await exporter.get("/metrics");
    expect(seriesValue(text, up)).toBe(0);
    expect(seriesValue(text, failures)).toBeGreaterThanOrEqual(before);
    expect(seriesValue(text, ofHttpd)).toBeGreaterThanOrEqual(httpdBefore);
    expect(text).toContain('phpfpm_scrape_failures{pool="",scrape_uri="127.0.0.1:1/new"} 1\n');
    await atLeast(exporter, failures, before + 1);

    // The series of a target that is gone end at once.
    write("127.0.0.1:1/new");
    await reload(exporter);
    await exporter.logs(/msg="the configuration was read again" targets=1/);
    const rest = await exporter.get("/metrics");
    expect(rest).not.toContain(target);
    expect(rest).not.toContain("apache_");
  });

  it("shows a source that cannot be read, in both styles", async () => {
    const folder = makeFolder();
    const file = join(folder, "site.yaml");
    const list = join(folder, "targets.json");
    writeFileSync(list, '[{"targets": ["127.0.0.1:1/status"]}]');
    writeFileSync(file, "discover: { files: [targets.json] }\n");
    for (const style of ["drop-in", "modern"]) {
      await using exporter = await startExporter([`--config=${file}`, `--metric-style=${style}`]);
      const series = `fcgi_probe_source_up{source="files ${list}"}`;
      expect(await atLeast(exporter, series, 1)).toBe(1);
      writeFileSync(list, "[{");
      await until(
        async () => seriesValue(await exporter.get("/metrics"), series) === 0,
        () => `the source is still up:\n${exporter.log}`,
      );
      expect(await exporter.get("/metrics")).toContain("127.0.0.1:1/status");
      writeFileSync(list, '[{"targets": ["127.0.0.1:1/status"]}]');
      await atLeast(exporter, series, 1);
    }
  });
});
