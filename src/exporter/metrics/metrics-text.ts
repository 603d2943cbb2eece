import type { ApacheSample, PoolSample, Sample } from "../sample.js";
import type { MetricStyle } from "../settings.js";
import { type ExporterFacts, exporterMetrics } from "./exporter-metrics.js";
import { type MetricsFormat, writeMetrics } from "./exposition.js";
import { noLabels } from "./labels.js";
import { poolMetrics } from "./pool-metrics.js";
import { poolReading } from "./pool-reading.js";
import { httpdMetrics } from "./server-metrics.js";
import { TargetLabels } from "./target-labels.js";

export interface MetricsTextOptions {
  /** Default: `drop-in`. */
  style?: MetricStyle | undefined;
  /** Default: `text`. The drop-in style is always text. */
  format?: MetricsFormat | undefined;
  /** Counts the processes of a page's list instead of believing the page's totals. Default: false. */
  fixProcessCount?: boolean | undefined;
  /** What the exporter says about itself. Default: nothing, as for a single target of /probe. */
  exporter?: ExporterFacts | undefined;
}

/**
 * Yields the text of the metrics of all samples, in pieces. In the drop-in style the label of a pool
 * is `scrape_uri`, the address as it was written. An httpd has it only beside others: a single one
 * has the series of apache_exporter. In the modern style every target has the label `target`.
 */
export function* metricsText(
  samples: readonly Sample[],
  {
    style = "drop-in",
    format = "text",
    fixProcessCount = false,
    exporter,
  }: MetricsTextOptions = {},
): Generator<string> {
  const used = style === "drop-in" ? "text" : format;
  const pools = samples.filter((sample): sample is PoolSample => sample.kind === "phpfpm");
  const servers = samples.filter((sample): sample is ApacheSample => sample.kind === "apache");
  const targetLabels = new TargetLabels(style, servers.length);
  const poolReadings = pools.map((sample) =>
    poolReading(sample, targetLabels.of(sample.target, sample.pool), fixProcessCount),
  );
  const serverReadings = servers.map((sample) => {
    const { status, target } = sample;
    return { labels: targetLabels.of(target), sample, status };
  });
  yield* writeMetrics(poolMetrics, poolReadings, style, used);
  yield* writeMetrics(httpdMetrics, serverReadings, style, used);
  if (exporter !== undefined) {
    const targets = exporter.targets ?? { phpfpm: pools.length, apache: servers.length };
    const reading = { labels: noLabels, facts: exporter, targets };
    yield* writeMetrics(exporterMetrics, [reading], style, used);
  }
  if (used === "openmetrics") yield "# EOF\n";
}
