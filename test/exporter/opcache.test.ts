import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import type { LogRecord } from "../../src/exporter/settings.js";
import type { ScrapeTarget } from "../../src/exporter/target.js";
import { answer, goodPool } from "../cli/fake-pool.js";
import { describeWith } from "../harness/describe-with.js";
import { type Script, silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { configuration as anyConfiguration } from "./metrics/everything.js";
import { seriesValue, targetOf } from "./targets.js";

const script = fileURLToPath(new URL("../../php/opcache.php", import.meta.url));

describeWith(["php-fpm"], "an exporter whose target has a script for OPcache", () => {
  let fpm: PhpFpm;
  let installed: string;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 1, listen: "unix" } as const;
    const on = { "php_admin_value[opcache.enable]": "1" };
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "www", maxChildren: 2, extra: on },
        { ...common, name: "full", statusListen: true, extra: on },
        { ...common, name: "confined", extra: { "php_admin_value[open_basedir]": "/nowhere" } },
      ],
    });
    installed = join(fpm.folder, "fcgi-probe-opcache.php");
    copyFileSync(script, installed);
  });
  afterAll(() => fpm.stop());

  const poolTarget = (name: string, more: Partial<ScrapeTarget> = {}) =>
    targetOf(fpm.pool(name).address, { opcache: installed, ...more });

  function start(target: ScrapeTarget, style: "drop-in" | "modern" = "drop-in") {
    const records: LogRecord[] = [];
    const exporter = createExporter({
      targets: [target],
      metricStyle: style,
      cacheAge: 0,
      log: (record) => records.push(record),
    });
    const scrape = async (seconds = 10) => {
      const headers = { "x-prometheus-scrape-timeout-seconds": `${seconds}` };
      return (await exporter.fetch(new Request("http://x/metrics", { headers }))).text();
    };
    return { scrape, records };
  }

  it.each(["drop-in", "modern"] as const)("has its metrics in the style %s", async (style) => {
    const { scrape, records } = start(poolTarget("www"), style);
    const text = await scrape();
    expect(seriesValue(text, "phpfpm_up{")).toBe(1);
    expect(seriesValue(text, "phpfpm_opcache_up{")).toBe(1);
    expect(seriesValue(text, "phpfpm_opcache_enabled{")).toBe(1);
    expect(seriesValue(text, "phpfpm_opcache_memory_used_bytes{")).toBeGreaterThan(0);
    expect(seriesValue(text, "phpfpm_opcache_misses_total{")).toBeGreaterThan(0);
    expect(seriesValue(text, "phpfpm_realpath_cache_limit_bytes{")).toBe(4 * 1024 ** 2);
    expect(records.filter(({ level }) => level !== "debug")).toEqual([]);
  });

  it("has none without the script's path", async () => {
    const { scrape } = start(poolTarget("www", { opcache: undefined }));
    expect(await scrape()).not.toContain("opcache");
  });

  it.each([
    ["is missing", "www", "/nowhere/opcache.php"],
    ["is outside open_basedir", "confined", undefined],
    ["is another script", "www", phpScript("echo.php")],
  ])("stays up when the script %s, and logs it once", async (_, pool, opcache = installed) => {
    const { scrape, records } = start(poolTarget(pool, { opcache }));
    const text = await scrape();
    expect(seriesValue(text, "phpfpm_up{")).toBe(1);
    expect(seriesValue(text, "phpfpm_opcache_up{")).toBe(0);
    expect(text).not.toContain("phpfpm_opcache_enabled");
    await scrape();
    const warnings = records.filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([{ message: "OPcache cannot be read", pool, hint: /php/ }]);
  });

  it("stays up when all workers are busy, also where the answer cannot wait", async () => {
    const { bareAddress } = fpm.pool("full");
    // Its first line says that a worker has the request.
    const sleeping = await gatewayFetch(
      `unix:${bareAddress}`,
      new Request("http://localhost/?ms=3000&say=1"),
      { scriptFilename: phpScript("sleep.php") },
    );
    const configuration = {
      ...anyConfiguration,
      statusPath: "/status",
      statusListen: `unix:${fpm.pool("full").statusListenBareAddress}`,
    };
    const { scrape } = start(poolTarget("full", { configuration, timeout: 1_000 }));
    for (const seconds of [1, 10]) {
      const text = await scrape(seconds);
      expect(seriesValue(text, "phpfpm_up{")).toBe(1);
      expect(seriesValue(text, "phpfpm_active_processes{")).toBe(1);
      expect(seriesValue(text, "phpfpm_opcache_up{")).toBe(0);
      expect(seriesValue(text, "phpfpm_scrape_failures{")).toBe(0);
    }
    await sleeping.arrayBuffer();
  });
});

describe("the script for OPcache", () => {
  /** Reads a pool that answers each request alike. Returns how many answers preceded each request. */
  async function requestsTo(script: Script) {
    const answers: number[] = [];
    let count = 0;
    await using server = await startFakeServer(async (peer) => {
      answers.push(count);
      await script(peer);
      count++;
    });
    const target = targetOf(`${server.address}:/status`, { opcache: "/o.php", timeout: 500 });
    const exporter = createExporter({ targets: [target] });
    const [sample] = await exporter.collect();
    return { answers, sample };
  }

  it("is asked after the status, which then does not count it as a request", async () => {
    const { answers, sample } = await requestsTo(goodPool);
    expect(answers).toEqual([0, 1]);
    expect(sample).toMatchObject({ error: undefined, opcacheError: { code: "not_a_status_page" } });
  });

  it("is not asked of a pool that is silent or refuses its status", async () => {
    for (const script of [silent, answer("Status: 404 Not Found\r\n\r\nFile not found.\n")]) {
      const { answers, sample } = await requestsTo(script);
      expect(answers).toEqual([0]);
      expect(sample?.status).toBeUndefined();
    }
  });
});
