import type { MetricData } from "@opentelemetry/sdk-metrics";
import { exporterMetrics } from "../metrics/exporter-metrics.js";
import { distinct } from "../metrics/exposition.js";
import type { LabelSet } from "../metrics/labels.js";
import type { Metric } from "../metrics/metric.js";
import { poolMetrics } from "../metrics/pool-metrics.js";
import { readingsOf } from "../metrics/readings.js";
import { httpdMetrics } from "../metrics/server-metrics.js";
import { startTime } from "../metrics/server-reading.js";
import { otlpMetric, type TimedReading } from "./otlp-points.js";
import type { CollectedSamples } from "./push-source.js";

/**
 * How many pools and how many httpds are in one request. With all processes, 50 pools have at most
 * 22,000 points, in about 9 MB. Receivers commonly refuse more than 20.
 */
const PART = 50;

/**
 * The metrics of the modern style as OpenTelemetry has them, in parts of one request each. The start
 * of a pool or an httpd is that of its points.
 *
 * @param begun when the pushes began: the start of what does not tell its own, in milliseconds since
 *   1970
 */
export function* otlpMetrics(
  { samples, options }: CollectedSamples,
  begun: number,
): Generator<MetricData[]> {
  const readings = readingsOf(samples, { ...options, style: "modern" });
  const pools = distinct(readings.pools).map((reading) => {
    const start = reading.status?.startTime?.getTime() ?? begun;
    return { reading, start, end: reading.sample.time };
  });
  const servers = distinct(readings.servers).map((reading) => {
    const seconds = startTime(reading);
    const start = seconds === undefined ? begun : 1_000 * seconds;
    return { reading, start, end: reading.sample.time };
  });
  const end = Date.now();
  const exporter = readings.exporter.map((reading) => ({ reading, start: begun, end }));
  for (let at = 0; at === 0 || at < Math.max(pools.length, servers.length); at += PART) {
    yield [
      ...metricsOf(poolMetrics, pools.slice(at, at + PART)),
      ...metricsOf(httpdMetrics, servers.slice(at, at + PART)),
      ...(at === 0 ? metricsOf(exporterMetrics, exporter) : []),
    ];
  }
}

function metricsOf<Reading extends { readonly labels: LabelSet }>(
  metrics: readonly Metric<Reading>[],
  readings: readonly TimedReading<Reading>[],
): MetricData[] {
  return metrics.flatMap(({ modern }) => (modern && otlpMetric(modern, readings)) ?? []);
}
