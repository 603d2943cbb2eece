import { expect, it } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { describeWith } from "../harness/describe-with.js";
import { footprint, startManyTargets } from "./many-targets.js";

const MEGABYTE = 1_048_576;

describeWith(["php-fpm"], "2,000 targets, 100 of them dead and 20 silent", () => {
  it("leave descriptors and memory as they were, and harm no worker", async () => {
    await using many = await startManyTargets(2_000);
    const exporter = createExporter({ targets: many.targets, cacheAge: 0 });
    const scrape = async () => {
      const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "10" };
      const response = await exporter.fetch(new Request("http://exporter/metrics", { headers }));
      const text = await response.text();
      expect(text.match(/^phpfpm_up\{.*\} 1$/gm)).toHaveLength(many.good);
      expect(text.match(/^phpfpm_up\{.*\} 0$/gm)).toHaveLength(120);
      expect(text.match(/^phpfpm_scrape_error\{.*,reason="not_found"\} 1$/gm)).toHaveLength(100);
      expect(text.match(/^phpfpm_scrape_error\{.*,reason="timeout"\} 1$/gm)).toHaveLength(20);
    };
    await scrape();
    await many.settle();
    const before = footprint();
    for (let scrapes = 0; scrapes < 2; scrapes++) await scrape();
    await many.settle();
    const after = footprint();
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
    expect(after.heap - before.heap).toBeLessThan(20 * MEGABYTE);
    expect(many.fpm.exitedChildren()).toEqual([]);
    exporter.close();
  }, 60_000);
});
