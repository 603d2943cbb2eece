import { expect, it, vi } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";
import type { Sample } from "../../src/exporter/sample.js";
import { describeWith } from "../harness/describe-with.js";
import { startPhpFpm } from "../harness/php-fpm.js";

describeWith(["php-fpm"], "subscribe()", () => {
  it("calls its listener after each scrape of a real pool, until it is ended", async () => {
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    const { address } = fpm.pool("www");
    const exporter = createExporter({ targets: [address, "127.0.0.1:1/status"], cacheAge: 0 });
    const accepted: number[] = [];
    const stop = exporter.subscribe(
      ([pool, dead]: readonly Sample[]) => {
        if (pool?.kind !== "phpfpm") return;
        accepted.push(pool.status?.acceptedConn ?? Number.NaN);
        expect(pool).toMatchObject({ pool: "www", target: { address } });
        expect(dead).toMatchObject({ reason: "refused" });
      },
      { interval: 20 },
    );
    await vi.waitFor(() => expect(accepted.length).toBeGreaterThan(2), 10_000);
    stop();
    // Each scrape is one request.
    expect(accepted).toEqual(accepted.map((_, index) => index + 1));
    const [last] = await exporter.collect();
    // One scrape may have begun when the subscription ended, and no other since.
    const more = last?.kind === "phpfpm" ? last.status?.acceptedConn : undefined;
    expect([accepted.length + 1, accepted.length + 2]).toContain(more);
    exporter.close();
  });

  it("shares scrapes with other subscribers and with /metrics", async () => {
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    const exporter = createExporter({ targets: [fpm.pool("www").address] });
    const seen: (readonly Sample[])[] = [];
    for (let i = 0; i < 3; i++) {
      exporter.subscribe((samples) => seen.push(samples), { interval: 60_000 });
    }
    const page = await exporter.fetch(new Request("http://exporter/metrics"));
    expect(await page.text()).toMatch(/^phpfpm_accepted_connections\{.*\} 1$/m);
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    for (const [sample] of seen) expect(sample).toMatchObject({ status: { acceptedConn: 1 } });
    exporter.close();
  });
});

it("goes on calling a listener that throws, and logs what it threw", async () => {
  const log = vi.fn();
  const exporter = createExporter({ targets: [], log });
  const listener = vi.fn(() => {
    throw new Error("the disk is full");
  });
  const stop = exporter.subscribe(listener, { interval: 1 });
  await vi.waitFor(() => expect(listener.mock.calls.length).toBeGreaterThan(2));
  stop();
  exporter.close();
  expect(log).toHaveBeenCalledWith({
    level: "error",
    message: "a subscriber failed",
    error: "the disk is full",
  });
});
