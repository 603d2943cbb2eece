import { connect } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { ErrorCode } from "../../src/errors.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { status } from "../../src/phpfpm/status.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, type Pool, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { seriesValue, targetOf } from "./targets.js";

describeWith(["php-fpm"], "a pool with pm.status_listen", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 2, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "free", statusListen: true },
        { ...common, name: "held", statusListen: true },
        { ...common, name: "silent", statusListen: true },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** The metrics of a pool whose configuration names a status socket. */
  async function metricsOf(pool: Pool, statusListen = `unix:${pool.statusListenBareAddress}`) {
    const listen = `unix:${pool.bareAddress}`;
    const configuration = { name: pool.name, listen, statusListen, statusPath: pool.statusPath };
    const target = targetOf(pool.address, { timeout: 2_000 });
    const exporter = createExporter({ targets: [{ ...target, configuration } as typeof target] });
    onTestFinished(() => exporter.close());
    const response = await exporter.fetch(new Request("http://exporter/metrics"));
    return response.text();
  }

  const series = (metric: string, { name, address }: Pool) =>
    `phpfpm_${metric}{pool="${name}",scrape_uri="${address}"}`;
  const accepted = async (pool: Pool, text: string | Promise<string>) =>
    seriesValue(await text, series("accepted_connections", pool)) ?? Number.NaN;

  /** Silent clients hold all workers of a socket. */
  async function hold(path: string): Promise<void> {
    const sockets = Array.from({ length: 8 }, () => connect({ path }));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    await until(
      () =>
        status(`unix:${path}:/status`, { timeout: 200 }).then(
          () => false,
          ({ code }) => code === ErrorCode.Deadline,
        ),
      () => `${path} still answers`,
    );
  }

  it("is read there: its own workers get no request", async () => {
    const pool = fpm.pool("free");
    const first = await accepted(pool, metricsOf(pool));
    expect(await accepted(pool, metricsOf(pool))).toBe(first);
  });

  it("is read at its own socket while the other one does not listen yet", async () => {
    const pool = fpm.pool("free");
    const text = await metricsOf(pool, `unix:${fpm.folder}/later.sock`);
    expect(seriesValue(text, series("up", pool))).toBe(1);
    expect(await accepted(pool, metricsOf(pool))).toBe(await accepted(pool, text));
  });

  it("is read at its own socket while the other one is silent", async () => {
    const pool = fpm.pool("held");
    await hold(pool.statusListenBareAddress as string);
    const text = await metricsOf(pool);
    expect(seriesValue(text, series("up", pool))).toBe(1);
    // The page counts the request that asks for it.
    expect(await accepted(pool, text)).toBe(1);
  });

  it("has the reason of its own socket when both are silent", async () => {
    const pool = fpm.pool("silent");
    await hold(pool.statusListenBareAddress as string);
    await hold(pool.bareAddress);
    const text = await metricsOf(pool);
    const uri = `scrape_uri="${pool.address}"`;
    expect(text).toContain(`phpfpm_up{pool="",${uri}} 0\n`);
    expect(text).toContain(`phpfpm_scrape_error{pool="",${uri},reason="timeout"} 1\n`);
  });
});
