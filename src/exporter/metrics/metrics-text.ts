import type { Sample } from "../sample.js";
import { exporterMetrics } from "./exporter-metrics.js";
import { type MetricsFormat, writeMetrics } from "./exposition.js";
import { poolMetrics } from "./pool-metrics.js";
import { type ReadingOptions, readingsOf } from "./readings.js";
import { httpdMetrics } from "./server-metrics.js";

export interface MetricsTextOptions extends ReadingOptions {
  /** Default: `text`. The drop-in style is always text. */
  format?: MetricsFormat | undefined;
}

/**
 * Yields the text of the metrics of all samples, in pieces. In the drop-in style the label of a pool
 * is `scrape_uri`, the address as it was written. An httpd has it only beside others: a single one
 * has the series of apache_exporter. In the modern style every target has the label `target`.
 */
export function* metricsText(
  samples: readonly Sample[],
  options: MetricsTextOptions = {},
): Generator<string> {
  const { style = "drop-in", format = "text" } = options;
  const used = style === "drop-in" ? "text" : format;
  const { pools, servers, exporter } = readingsOf(samples, options);
  yield* writeMetrics(poolMetrics, pools, style, used);
  yield* writeMetrics(httpdMetrics, servers, style, used);
  yield* writeMetrics(exporterMetrics, exporter, style, used);
  if (used === "openmetrics") yield "# EOF\n";
}
