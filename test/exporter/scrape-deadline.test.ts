import { describe, expect, it } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { scrapeDeadline } from "../../src/exporter/scrape-deadline.js";

const settings = { scrapeTimeout: 10_000, timeoutOffset: 500 };
const deadline = (seconds?: string) =>
  scrapeDeadline(
    new Headers(seconds === undefined ? {} : { "X-Prometheus-Scrape-Timeout-Seconds": seconds }),
    settings,
  );

describe("the deadline of a scrape", () => {
  it.each([
    [undefined, 10_000],
    ["5", 4_500],
    ["1.5", 1_000],
    ["60", 10_000],
    ["10.000000", 9_500],
    ["1e1", 9_500],
    // No time would be left.
    ["0.5", 250],
    ["0.8", 400],
  ])("with the header %s is %d ms", (seconds, milliseconds) => {
    expect(deadline(seconds)).toBe(milliseconds);
  });

  it.each([
    ["10", 1_000, 9_400],
    ["10", 10_000, 8_500],
    ["2", 100_000, 750],
  ])("of %s s leaves time to write %d targets: %d ms", (seconds, targets, milliseconds) => {
    const headers = new Headers({ "X-Prometheus-Scrape-Timeout-Seconds": seconds });
    expect(scrapeDeadline(headers, settings, targets)).toBe(milliseconds);
  });

  it.each(["", "soon", "-1", "0", "NaN", "0x10", "10s"])("refuses %j", async (seconds) => {
    expect(() => deadline(seconds)).toThrow(/not a number of seconds/);
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": seconds };
    for (const path of ["/metrics", "/probe?target=a:1"]) {
      const request = new Request(`http://exporter${path}`, { headers });
      expect((await createExporter({ targets: [] }).fetch(request)).status).toBe(400);
    }
  });
});
