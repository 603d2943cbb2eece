import { ApacheMetrics } from "./apache-metrics.js";
import { Collector } from "./collector.js";
import { PoolMetrics } from "./pool-metrics.js";
import type { Sample } from "./sample.js";
import type { ScrapeTarget } from "./target.js";

export interface ExporterOptions {
  /** The pools and httpds to read. */
  targets: readonly ScrapeTarget[];
  /** The path of the metrics. Default: `/metrics`. */
  telemetryPath?: string | undefined;
  /** Milliseconds within which `/metrics` answers. Default: 10,000. */
  timeout?: number | undefined;
}

/** An exporter, as a Fetch handler for any server. */
export interface Exporter {
  /** Answers one request. */
  fetch(request: Request): Promise<Response>;
}

/** Makes an exporter of Prometheus metrics. It reads its targets when it is asked, and only then. */
export function createExporter({
  targets,
  telemetryPath = "/metrics",
  timeout = 10_000,
}: ExporterOptions): Exporter {
  const collector = new Collector();
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname !== telemetryPath) return new Response("not found\n", { status: 404 });
      const samples = await collector.collect(targets, timeout);
      const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
      return new Response([...exposition(samples)].join(""), { headers });
    },
  };
}

function* exposition(samples: readonly Sample[]): Generator<string> {
  const pools = new PoolMetrics();
  const servers = new ApacheMetrics();
  for (const { target, elapsed, error, ...sample } of samples) {
    const failed = error && ({ target: target.address, ok: false, error, elapsed } as const);
    const done = <Value>(value: Value) =>
      ({ target: target.address, ok: true, value, elapsed }) as const;
    if (sample.kind === "apache") {
      const result = sample.status === undefined ? failed : done(sample.status);
      if (result !== undefined) servers.add(result);
    } else {
      const result = sample.status === undefined ? failed : done(sample.status);
      if (result !== undefined) pools.add(result);
    }
  }
  if (samples.some(({ kind }) => kind === "phpfpm")) yield* pools.text();
  if (samples.some(({ kind }) => kind === "apache")) yield* servers.text();
}
