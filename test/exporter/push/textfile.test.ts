import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import { metricsText } from "../../../src/exporter/metrics/metrics-text.js";
import { startTextfile } from "../../../src/exporter/push/textfile.js";
import type { Sample } from "../../../src/exporter/sample.js";
import type { ExporterSettings, LogRecord } from "../../../src/exporter/settings.js";
import { startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { silent, startFakeServer } from "../../harness/fake-server.js";
import { startPhpFpm } from "../../harness/php-fpm.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { requireServer } from "../../harness/servers.js";
import { everything } from "../metrics/everything.js";
import { seriesOf } from "../metrics/samples.js";
import { seriesValue, targetOf } from "../targets.js";

/** Writes a file until the test ends. */
function write(
  exporter: { collect: ReturnType<typeof createExporter>["collect"] },
  { interval = 60_000, settings = { targets: [] } as ExporterSettings, name = "php.prom" } = {},
) {
  const path = join(makeFolder(), name);
  const records: LogRecord[] = [];
  const log = (record: LogRecord) => void records.push(record);
  const push = startTextfile({ exporter, settings: () => settings, path, interval, log });
  onTestFinished(() => push.stop());
  const logged = (count: number) => vi.waitFor(() => expect(records).toHaveLength(count), 10_000);
  return { path, records, logged, push };
}

const always = { collect: async () => everything() };

describe("a textfile", () => {
  it("has the text of /metrics, at once, in the style of the settings", async () => {
    for (const style of ["drop-in", "modern"] as const) {
      const settings = { targets: [], metricStyle: style };
      const { path, records, logged } = write(always, { settings });
      await logged(1);
      const text = readFileSync(path, "utf8");
      const own = /^(?:fcgi_probe_|apache_exporter_build_info)/;
      expect(seriesOf(text).filter((line) => !own.test(line))).toEqual(
        seriesOf([...metricsText(everything(), { style })].join("")),
      );
      expect(text).toMatch(/^fcgi_probe_build_info\{/m);
      expect(records).toEqual([
        { level: "info", message: "the textfile is written", destination: path },
      ]);
    }
  });

  it("has no timestamps, and no end of OpenMetrics", async () => {
    const { path, logged } = write(always, { settings: { targets: [], metricStyle: "modern" } });
    await logged(1);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(
      lines.filter((line) => !/^(?:# (?:HELP|TYPE) |[a-z_]+(?:\{.*\})? \S+$)/.test(line)),
    ).toEqual([]);
  });

  it("may be read by everyone, whatever the umask", async () => {
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    const { path, logged } = write(always);
    await logged(1);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it("is replaced as a whole, again and again, and no other name ends in .prom", async () => {
    let round = 0;
    const collect = async () => {
      round++;
      return everything();
    };
    const { path, logged } = write({ collect }, { interval: 5 });
    await logged(1);
    const names = new Set<string | null>();
    const watcher = watch(join(path, ".."), (_, name) => void names.add(name));
    onTestFinished(() => watcher.close());
    const lines = readFileSync(path, "utf8").split("\n").length;
    const inode = statSync(path).ino;
    let isReplaced = false;
    while (round < 20 || !isReplaced || names.size < 2) {
      expect(readFileSync(path, "utf8").split("\n")).toHaveLength(lines);
      isReplaced ||= statSync(path).ino !== inode;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([...names].filter((name) => name?.endsWith(".prom"))).toEqual(["php.prom"]);
  });

  it("is kept at the end, without anything beside it", async () => {
    const { path, logged, push } = write(always, { interval: 5 });
    await logged(1);
    await push.stop();
    const written = statSync(path).mtimeMs;
    expect(readdirSync(join(path, ".."))).toEqual(["php.prom"]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(statSync(path).mtimeMs).toBe(written);
  });

  it("with a name that node_exporter does not read is written, with a warning", async () => {
    const { path, records, logged } = write(always, { name: "metrics.txt" });
    await logged(2);
    expect(records[0]).toMatchObject({
      level: "warn",
      message: expect.stringMatching(/\.prom$/),
      destination: path,
    });
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  it("is not written with what the end has cancelled", async () => {
    const target = await startFakeServer(silent, { listen: "tcp" });
    onTestFinished(() => target.stop());
    const exporter = createExporter({ targets: [targetOf(`${target.address}/status`)] });
    const { path, push } = write(exporter);
    await until(
      () => target.accepted > 0,
      () => "the pool was not asked",
    );
    const stopped = push.stop();
    exporter.close();
    await stopped;
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  it("that cannot be written is logged once a change", async () => {
    // Each round waits for the test, so that none runs while the folder changes.
    const rounds: (() => void)[] = [];
    const collect = () =>
      new Promise<Sample[]>((resolve) => rounds.push(() => resolve(everything())));
    const { path, records, logged } = write({ collect }, { interval: 1, name: "none/php.prom" });
    const asked = () => vi.waitFor(() => expect(rounds).toHaveLength(1), 10_000);
    const nextRound = async () => {
      await asked();
      rounds.pop()?.();
    };
    const folder = join(path, "..");
    await nextRound();
    await nextRound();
    await logged(1);
    await asked();
    mkdirSync(folder);
    await nextRound();
    await logged(2);
    await asked();
    rmSync(path);
    mkdirSync(path);
    await nextRound();
    await logged(3);
    await asked();
    rmSync(path, { recursive: true });
    await nextRound();
    await logged(4);
    expect(records).toMatchObject([
      {
        level: "error",
        message: "the textfile cannot be written",
        destination: path,
        error: expect.stringMatching(/^the folder .* does not exist$/),
        hint: expect.stringContaining("a folder that exists"),
      },
      { level: "info", message: "the textfile is written again" },
      { level: "error", error: `${path} is a folder` },
      { level: "info" },
    ]);
  });
});

describeWith(["php-fpm", "apache2", "promtool"], "a textfile of real servers", () => {
  it("is complete but for a silent pool, in time, and is clean for promtool", async () => {
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const httpd = await startApache({ mpm: "event" });
    onTestFinished(() => httpd.stop());
    await using hanging = await startFakeServer(silent);
    const settings: ExporterSettings = {
      targets: [
        targetOf(`${hanging.address}:/status`, { timeout: 60_000 }),
        targetOf(fpm.pool("www").address),
        targetOf(`${httpd.url}/server-status?auto`),
      ],
      metricStyle: "modern",
      scrapeTimeout: 1_000,
    };
    const exporter = createExporter(settings);
    onTestFinished(() => exporter.close());
    const { path, logged } = write(exporter, { settings });
    await logged(1);
    const text = readFileSync(path, "utf8");
    expect(seriesValue(text, 'phpfpm_up{pool="www"')).toBe(1);
    expect(seriesValue(text, 'phpfpm_up{pool=""')).toBe(0);
    expect(seriesValue(text, "apache_up{")).toBe(1);
    expect(text).toMatch(/^phpfpm_scrape_error\{.*reason="deadline"\} 1$/m);
    const { status, stdout, stderr } = spawnSync(requireServer("promtool"), ["check", "metrics"], {
      input: text,
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
