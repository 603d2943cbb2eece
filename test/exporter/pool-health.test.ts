import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { PoolConfiguration } from "../../src/discovery/pool-configuration.js";
import { createExporter, type ExporterOptions } from "../../src/exporter/create-exporter.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { seriesValue, targetOf } from "./targets.js";

async function health(query: string, options: ExporterOptions): Promise<[number, string]> {
  const exporter = createExporter(options);
  const response = await exporter.fetch(new Request(`http://exporter/-/pool-healthy${query}`));
  exporter.close();
  return [response.status, (await response.text()).trim()];
}

const dead = "unix:/nowhere/dead.sock:/status";

describe("/-/pool-healthy", () => {
  it("does not know a pool that is not configured", async () => {
    expect(await health("?pool=shop", { targets: [] })).toEqual([404, 'there is no pool "shop"']);
    expect(await health("", { targets: [] })).toEqual([404, "there is no pool"]);
    const httpd = targetOf("http://127.0.0.1:1/server-status");
    expect(await health("", { targets: [httpd] })).toEqual([404, "there is no pool"]);
  });

  it("asks for an address if there are several pools of that name", async () => {
    const targets = [targetOf(dead), targetOf("127.0.0.1:1")];
    expect((await health("", { targets }))[0]).toBe(400);
    expect(await health(`?pool=${encodeURIComponent(dead)}`, { targets })).toEqual([
      503,
      "unhealthy: not_found",
    ]);
  });

  it.each([true, false])(
    "asks a pool once for many who ask at once (by ping: %s)",
    async (byPing) => {
      await using server = await startFakeServer(silent);
      const ping = { name: "www", listen: server.address, pingPath: "/ping" } as PoolConfiguration;
      const configuration = byPing ? ping : undefined;
      const exporter = createExporter({ targets: [targetOf(server.address, { configuration })] });
      const ask = () => exporter.fetch(new Request("http://exporter/-/pool-healthy"));
      const answers = await Promise.all(Array.from({ length: 50 }, ask));
      exporter.close();
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
      expect(server.accepted).toBe(1);
    },
  );

  it("answers within a second about a pool that is silent, and calls it busy", async () => {
    await using server = await startFakeServer(silent);
    const targets = [targetOf(server.address, { timeout: 60_000 })];
    const started = performance.now();
    expect(await health("", { targets })).toEqual([200, "busy: deadline"]);
    expect(await health("?busy=fail", { targets })).toEqual([503, "busy: deadline"]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describeWith(["php-fpm"], "/-/pool-healthy of php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 1, listen: "unix" },
        { name: "held", pm: "static", maxChildren: 1, listen: "unix" },
      ],
    });
  });
  afterAll(() => fpm?.stop());

  const settings = () => ({ targets: fpm.pools.map(({ address }) => targetOf(address)) });

  it("finds a pool by its name, also before the first scrape", async () => {
    expect(await health("?pool=www", settings())).toEqual([200, "healthy"]);
    expect((await health("?pool=nosuch", settings()))[0]).toBe(404);
  });

  it("asks for a ping where the configuration has one, so that a status that is off does no harm", async () => {
    const { address, bareAddress, pingPath } = fpm.pool("www");
    const configuration = {
      name: "www",
      listen: `unix:${bareAddress}`,
      pingPath,
    } as PoolConfiguration;
    const target = targetOf(`unix:${bareAddress}:/nosuch`, { configuration });
    expect(await health("?pool=www", { targets: [target] })).toEqual([200, "healthy"]);
    expect(await health("", { targets: [targetOf(target.address)] })).toEqual([
      503,
      "unhealthy: page_not_found",
    ]);
    expect(address).not.toBe(target.address);
  });

  it("tells a pool whose workers are all busy from one that is down", async () => {
    const { address, bareAddress } = fpm.pool("held");
    const cancel = new AbortController();
    const held = gatewayFetch(`unix:${bareAddress}`, new Request("http://x/sleep.php?ms=30000"), {
      variables: [["SCRIPT_FILENAME", phpScript("sleep.php")]],
      signal: cancel.signal,
    }).catch(() => {});
    await until(
      async () => (await health("", { targets: [targetOf(address)] }))[1] !== "healthy",
      () => "the worker is not busy",
    );
    expect(await health("", { targets: [targetOf(address)] })).toEqual([200, "busy: deadline"]);
    expect((await health("?busy=fail", { targets: [targetOf(address)] }))[0]).toBe(503);
    const exporter = createExporter({ targets: [targetOf(address, { timeout: 300 })] });
    const [sample] = await exporter.collect();
    expect(sample).toMatchObject({
      reason: "timeout",
      diagnoses: [{ problem: "saturated" }, { problem: "abandoned" }],
    });
    const text = await (await exporter.fetch(new Request("http://exporter/metrics"))).text();
    expect(seriesValue(text, "phpfpm_accept_queue{")).toBeGreaterThan(0);
    cancel.abort();
    await held;
  });
});
