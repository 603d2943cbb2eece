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
 * How many targets are in one request. With all processes, 50 targets have at most 22,000 points, in
 * about 9 MB. Receivers commonly refuse more than 20.
 */
const MAX_TARGETS = 50;

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
  const { pools, servers, exporter } = readingsOf(samples, { ...options, style: "modern" });
  const timedPools = distinct(pools).map((reading) => ({
    reading,
    start: reading.status?.startTime?.getTime() ?? begun,
    end: reading.sample.time,
  }));
  const timedServers = distinct(servers).map((reading) => ({
    reading,
    start: secondsOrUndefined(startTime(reading)) ?? begun,
    end: reading.sample.time,
  }));
  for (const part of parts(timedPools)) yield metricsOf(poolMetrics, part);
  for (const part of parts(timedServers)) yield metricsOf(httpdMetrics, part);
  const end = Date.now();
  yield metricsOf(
    exporterMetrics,
    exporter.map((reading) => ({ reading, start: begun, end })),
  );
}

function secondsOrUndefined(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

function* parts<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += MAX_TARGETS) yield items.slice(at, at + MAX_TARGETS);
}

function metricsOf<Reading extends { readonly labels: LabelSet }>(
  metrics: readonly Metric<Reading>[],
  readings: readonly TimedReading<Reading>[],
): MetricData[] {
  return metrics.flatMap(({ modern }) => (modern && otlpMetric(modern, readings)) ?? []);
}
