import type { ServerStatus } from "../../../src/apache/page/server-status.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { ErrorCode, GatewayError } from "../../../src/errors.js";
import { failureReason } from "../../../src/exporter/failure-reason.js";
import {
  type MetricsTextOptions,
  metricsText,
} from "../../../src/exporter/metrics/metrics-text.js";
import type { ApacheSample, PoolSample, Sample } from "../../../src/exporter/sample.js";
import { type ScrapeTarget, targetDefaults } from "../../../src/exporter/target.js";
import type { PoolStatus } from "../../../src/status-page/pool-status.js";

const base = { source: "test", ...targetDefaults };

export function poolTarget(address: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  return { ...base, address, kind: "phpfpm", ...more };
}

export function serverTarget(address: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  return { ...base, address, kind: "apache", ...more };
}

const scrape = { error: undefined, reason: undefined, time: 1_795_935_616_400, elapsed: 4 };

/** A pool that was read. */
export function poolSample(
  status: PoolStatus,
  target: ScrapeTarget,
  more: Partial<PoolSample> = {},
): PoolSample {
  const pool = status.pool ?? "";
  return { ...scrape, kind: "phpfpm", target, status, pool, failures: 0, ...more };
}

/** An httpd that was read. */
export function serverSample(
  status: ServerStatus,
  target: ScrapeTarget,
  more: Partial<ApacheSample> = {},
): ApacheSample {
  return { ...scrape, kind: "apache", target, status, failures: 0, ...more };
}

/** A target that could not be read. */
export function failedSample(
  target: ScrapeTarget,
  { code = ErrorCode.Refused as ErrorCode, pool = "", failures = 1 } = {},
): Sample {
  const error = new GatewayError(code, "no");
  const { kind } = target;
  const failed = { ...scrape, target, error, reason: failureReason(error, target.kind), failures };
  return kind === "apache"
    ? { ...failed, kind, status: undefined }
    : { ...failed, kind, status: undefined, pool };
}

export function serverPage(page: Uint8Array | string, target: ScrapeTarget): ApacheSample {
  return serverSample(parseServerStatus(bytesOf(page)), target);
}

function bytesOf(page: Uint8Array | string): Uint8Array {
  return typeof page === "string" ? new TextEncoder().encode(page) : page;
}

export function textOf(samples: readonly Sample[], options?: MetricsTextOptions): string {
  return [...metricsText(samples, options)].join("");
}

/** The lines of series, sorted: their order has no meaning. */
export function seriesOf(text: string): string[] {
  return linesOf(text, /^[a-z]/);
}

export function typesOf(text: string): string[] {
  return linesOf(text, /^# TYPE /);
}

function linesOf(text: string, start: RegExp): string[] {
  return text
    .split("\n")
    .filter((line) => start.test(line))
    .sort();
}

/** Labels in alphabetical order, as the peers write them. */
export function sortedLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_, labels: string) => {
    const pairs = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
    return `{${pairs.sort().join(",")}}`;
  });
}
