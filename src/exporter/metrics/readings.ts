import type { ApacheSample, PoolSample, Sample } from "../sample.js";
import type { MetricStyle } from "../settings.js";
import type { ExporterFacts, ExporterReading } from "./exporter-metrics.js";
import { noLabels } from "./labels.js";
import { type PoolReading, poolReading } from "./pool-reading.js";
import type { ServerReading } from "./server-reading.js";
import { TargetLabels } from "./target-labels.js";

export interface ReadingOptions {
  /** Default: `drop-in`. */
  style?: MetricStyle | undefined;
  /** Counts the processes of a page's list instead of believing the page's totals. Default: false. */
  fixProcessCount?: boolean | undefined;
  /** What the exporter says about itself. Default: nothing, as for a single target of /probe. */
  exporter?: ExporterFacts | undefined;
}

/** What the metrics of each table are made of. */
export interface Readings {
  readonly pools: readonly PoolReading[];
  readonly servers: readonly ServerReading[];
  readonly exporter: readonly ExporterReading[];
}

/** Prepares samples for the tables of metrics: gives them labels, and limits the processes. */
export function readingsOf(
  samples: readonly Sample[],
  { style = "drop-in", fixProcessCount = false, exporter }: ReadingOptions,
): Readings {
  const pools = samples.filter((sample): sample is PoolSample => sample.kind === "phpfpm");
  const servers = samples.filter((sample): sample is ApacheSample => sample.kind === "apache");
  const labels = new TargetLabels(style, servers.length);
  const counts = { phpfpm: pools.length, apache: servers.length };
  return {
    pools: pools.map((sample) =>
      poolReading(sample, labels.of(sample.target, sample.pool), fixProcessCount),
    ),
    servers: servers.map((sample) => {
      return { labels: labels.of(sample.target), sample, status: sample.status };
    }),
    exporter:
      exporter === undefined
        ? []
        : [{ labels: noLabels, facts: exporter, targets: exporter.targets ?? counts }],
  };
}
