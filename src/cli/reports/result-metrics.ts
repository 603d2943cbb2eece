import type { ServerStatus } from "../../apache/page/server-status.js";
import type { LabeledTarget } from "../../discovery/target-groups.js";
import { failureReason } from "../../exporter/failure-reason.js";
import { metricsText } from "../../exporter/metrics/metrics-text.js";
import type { Sample } from "../../exporter/sample.js";
import { type TargetKind, targetDefaults } from "../../exporter/target.js";
import type { FleetResult } from "../../fleet/probe.js";
import { dropRequests } from "../../status-page/drop-requests.js";
import type { PoolStatus } from "../../status-page/pool-status.js";

/** A result, and the labels of its target, where it has some. */
type LabeledResult<Status> = FleetResult<Status> & { readonly labels?: LabeledTarget["labels"] };

/** Collects results, and writes them as the exporter does in the drop-in style. */
export interface ResultMetrics<Status> {
  add(result: LabeledResult<Status>): void;
  /** Yields the text in pieces: the format groups values by metric. */
  text(): Iterable<string>;
}

export function poolResultMetrics(): ResultMetrics<PoolStatus> {
  return resultMetrics((result) => ({
    kind: "phpfpm",
    ...scrapeOf("phpfpm", result),
    status: result.ok ? dropRequests(result.value) : undefined,
    pool: (result.ok ? result.value.pool : undefined) ?? "",
  }));
}

export function serverResultMetrics(): ResultMetrics<ServerStatus> {
  return resultMetrics((result) => ({
    kind: "apache",
    ...scrapeOf("apache", result),
    status: result.ok ? result.value : undefined,
  }));
}

function resultMetrics<Status>(
  sampleOf: (result: LabeledResult<Status>) => Sample,
): ResultMetrics<Status> {
  const samples: Sample[] = [];
  return {
    add: (result) => void samples.push(sampleOf(result)),
    text: () => metricsText(samples),
  };
}

/** One scrape is all that a command knows of a target. Every process gets series of its own. */
function scrapeOf<Status>(kind: TargetKind, result: LabeledResult<Status>) {
  const address = result.target;
  const processes = Number.POSITIVE_INFINITY;
  const { labels = targetDefaults.labels } = result;
  return {
    target: { ...targetDefaults, address, labels, kind, processes, source: "" },
    time: Date.now(),
    elapsed: result.elapsed,
    failures: result.ok ? 0 : 1,
    error: result.ok ? undefined : result.error,
    reason: result.ok ? undefined : failureReason(result.error, kind),
  };
}
