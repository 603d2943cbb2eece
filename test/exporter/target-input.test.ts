import { expect, it } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";

const of = (targets: unknown) => createExporter({ targets: targets as string[] });

it("targets may be addresses, or addresses with labels", async () => {
  const exporter = createExporter({
    targets: [
      "unix:/nowhere/www.sock:/status",
      { address: "http://127.0.0.1:1/server-status?auto", labels: { site: "shop" } },
    ],
  });
  const samples = await exporter.collect();
  expect(samples.map(({ target }) => target)).toMatchObject([
    { kind: "phpfpm", labels: {}, timeout: 3_000, processes: 64, source: "the program" },
    { kind: "apache", labels: { site: "shop" }, timeout: 3_000 },
  ]);
  exporter.update({ targets: ["unix:/nowhere/www.sock:/status"] });
  const [again] = await exporter.collect();
  expect(again?.failures).toBe(1);
  exporter.close();
});

it.each([
  [undefined, "bad_input", "targets is undefined"],
  ["unix:/run/x.sock", "bad_input", 'targets is "unix:/run/x.sock"'],
  [[7], "bad_input", "a target is 7"],
  [[null], "bad_input", "a target is null"],
  [[{ labels: {} }], "bad_input", 'a target is {"labels":{}}'],
  [["nonsense"], "bad_address", "nonsense"],
  [["scgi://127.0.0.1:1"], "bad_address", "scgi"],
])("%j are refused", (targets, code, message) => {
  expect(() => of(targets)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

it.each([
  ["concurrency", { concurrency: Number.NaN }],
  ["scrapeTimeout", { scrapeTimeout: "10s" }],
  ["log", { log: true }],
  ["metricStyle", { metricStyle: "modren" }],
  ["the labels of a target", { targets: [{ address: "127.0.0.1:1", labels: { rack: 5 } }] }],
  ["timeout", { targets: [{ address: "unix:/nowhere/www.sock:/status", timeout: Number.NaN }] }],
])("a setting that is no value of its kind is named: %s", (name, settings) => {
  const options = { targets: ["unix:/nowhere/www.sock:/status"], ...settings };
  expect(() => createExporter(options as never)).toThrow(new RegExp(`^${name}\\b`));
});

it("an interval is a time that a timer can wait", () => {
  const exporter = createExporter({ targets: [] });
  const subscribe = (interval: number) => exporter.subscribe(() => {}, { interval });
  expect(() => subscribe(Number.NaN)).toThrow("interval is NaN");
  expect(() => subscribe(Number.POSITIVE_INFINITY)).toThrow("interval is Infinity");
  exporter.close();
});
