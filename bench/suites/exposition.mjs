// The text of 2,000 pools with 5 processes each, compared with prom-client, which is given the same
// series as objects and need not find them in a status.
import { Gauge, Registry } from "prom-client";
import { load } from "../lib/package.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const POOLS = 2_000;
const PROCESSES = 5;
const RUNS = 9;

const { metricsText } = await load("exporter/metrics/metrics-text.js");
const { createPool, processOf } = await load("status-page/records.js");
const samples = Array.from({ length: POOLS }, (_, at) => sampleOf(at));

const OURS = "fcgi-probe";
const series = readSeries([...metricsText(samples)].join(""));
const contenders = new Map([
  [OURS, ours],
  ["fcgi-probe, modern names, OpenMetrics", () => ours({ style: "modern", format: "openmetrics" })],
  ["prom-client", promClient(series)],
]);
const times = new Map([...contenders.keys()].map((name) => [name, []]));
let length = 0;
// The first runs compile the code and do not count.
for (let run = -2; run < RUNS; run++) {
  for (const [name, write] of contenders) {
    const began = process.cpuUsage();
    length = await write();
    const { user, system } = process.cpuUsage(began);
    if (run >= 0) times.get(name).push((user + system) / 1_000);
  }
}
const medians = new Map([...times].map(([name, list]) => [name, median(list)]));
reportAll(
  "exporter",
  `text of ${series.length.toLocaleString("en-US")} series, CPU`,
  "ms",
  medians,
  OURS,
);
progress(`exposition: ${(length / 1e6).toFixed(1)} MB`);

function ours(options) {
  let bytes = 0;
  // Chunks are encoded as they come, as the exporter does it.
  for (const text of metricsText(samples, options)) bytes += Buffer.from(text).length;
  return bytes;
}

/** A pool as the exporter has read it. */
function sampleOf(at) {
  const processes = Array.from({ length: PROCESSES }, (_, child) =>
    Object.assign(processOf([]), {
      state: child === 0 ? "Running" : "Idle",
      requests: at + child,
      requestDuration: 1_000 * child + at,
      lastRequestCpu: 12.5,
      lastRequestMemory: 2_097_152,
    }),
  );
  const status = createPool([
    ...[`pool-${at}`, "static", new Date(), 3_600 + at, 100 * at],
    ...[0, 0, 0, 4, 1, 5, 5, 0, at % 7],
  ]);
  const address = `unix:/run/php/pool-${at}.sock:/status`;
  return {
    kind: "phpfpm",
    target: { address, kind: "phpfpm", labels: {}, timeout: 3_000, processes: 64, source: "bench" },
    pool: `pool-${at}`,
    status: Object.assign(status, { processes }),
    time: Date.now(),
    elapsed: 1 + (at % 10),
    failures: 0,
  };
}

function readSeries(text) {
  return [...text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)].map(([, name, labels, value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]),
    ),
    value: Number(value),
  }));
}

/** Sets all series anew at each scrape, as an exporter has to, and writes them. */
function promClient(series) {
  const registry = new Registry();
  const gauges = new Map();
  for (const { name, labels } of series) {
    if (gauges.has(name)) continue;
    const labelNames = Object.keys(labels);
    gauges.set(name, new Gauge({ name, help: name, labelNames, registers: [registry] }));
  }
  return async () => {
    for (const gauge of gauges.values()) gauge.reset();
    for (const { name, labels, value } of series) gauges.get(name).set(labels, value);
    return Buffer.from(await registry.metrics()).length;
  };
}
