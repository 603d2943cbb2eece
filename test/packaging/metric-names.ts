import { exporterMetrics } from "../../src/exporter/metrics/exporter-metrics.js";
import type { Metric } from "../../src/exporter/metrics/metric.js";
import { poolMetrics } from "../../src/exporter/metrics/pool-metrics.js";
import { httpdMetrics } from "../../src/exporter/metrics/server-metrics.js";
import type { Style } from "./incident.js";

/** The names of all metrics of the exporter in a style. */
export function metricsOf(style: Style): Set<string> {
  const tables: readonly Metric<never>[] = [...poolMetrics, ...httpdMetrics, ...exporterMetrics];
  return new Set(tables.flatMap((metric) => metric[style]?.name ?? []));
}
