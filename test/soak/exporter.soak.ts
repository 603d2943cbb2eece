import { expect, it } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { footprint, startManyTargets } from "../exporter/many-targets.js";
import { describeWith } from "../harness/describe-with.js";

const scrapes = Number(process.env["SOAK_SCRAPES"] ?? 1_000);
const MEGABYTE = 1_048_576;

describeWith(["php-fpm"], "2,000 targets, 100 of them dead and 20 silent", () => {
  it(`leave descriptors and memory flat over ${scrapes} scrapes`, async () => {
    await using many = await startManyTargets(30_000, 200);
    const exporter = createExporter({
      targets: many.targets,
      cacheAge: 0,
      scrapeTimeout: 60_000,
    });
    const marks: { descriptors: number; heap: number; resident: number }[] = [];
    for (let count = 0; count < scrapes; count++) {
      const response = await exporter.fetch(new Request("http://exporter/metrics"));
      const text = await response.text();
      const reasons = text.match(/^phpfpm_scrape_error\{.*\} 1$/gm) ?? [];
      const {
        busy = 0,
        connect_timeout = 0,
        timeout = 0,
        ...down
      } = countsOf(reasons.map((line) => /reason="(\w+)"/.exec(line)?.[1] ?? ""));
      expect(down).toEqual({ not_found: 100 });
      expect(timeout + connect_timeout).toBe(20);
      // php-fpm answers that it cannot lock its scoreboard, about once in a million scrapes.
      expect(busy).toBeLessThanOrEqual(2);
      expect(text.match(/^phpfpm_up\{.*\} 1$/gm)).toHaveLength(many.good - busy);
      const failures = text.match(/^phpfpm_scrape_failures\{.*\} \d+$/gm) ?? [];
      const always = failures.filter((line) => line.endsWith(` ${count + 1}`));
      expect(always.length).toBeGreaterThanOrEqual(120);
      if (count % Math.ceil(scrapes / 10) === 0) {
        await many.settle();
        marks.push({ ...footprint(), resident: process.memoryUsage().rss });
      }
    }
    console.log(
      marks
        .map(({ descriptors, heap, resident }) => {
          const [used, all] = [heap, resident].map((bytes) => Math.round(bytes / MEGABYTE));
          return `${descriptors} descriptors, ${used} MB of heap, ${all} MB resident`;
        })
        .join("\n"),
    );
    // The first mark is from before everything is compiled.
    const [, first, ...rest] = marks;
    for (const mark of rest) {
      expect(mark.descriptors).toBeLessThanOrEqual((first?.descriptors ?? 0) + 2);
      expect(mark.heap - (first?.heap ?? 0)).toBeLessThan(20 * MEGABYTE);
    }
    expect(many.fpm.exitedChildren()).toEqual([]);
    exporter.close();
  });
});

function countsOf(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
