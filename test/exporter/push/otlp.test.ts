import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import { metricsText } from "../../../src/exporter/metrics/metrics-text.js";
import { packageVersion } from "../../../src/exporter/package-version.js";
import { startOtlp } from "../../../src/exporter/push/otlp.js";
import { loadOtlp } from "../../../src/exporter/push/otlp-library.js";
import type { Sample } from "../../../src/exporter/sample.js";
import type { ExporterSettings, LogRecord } from "../../../src/exporter/settings.js";
import { type Apache, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { everything } from "../metrics/everything.js";
import { poolSample, poolTarget, seriesOf, sortedLabels } from "../metrics/samples.js";
import { targetOf } from "../targets.js";
import { type Answer, seriesOfRequests, startReceiver } from "./receiver.js";

/** Sends the same samples at once and every `interval` milliseconds. */
async function send(
  samples: readonly Sample[],
  { answer, interval = 60_000, path = "", settings = { targets: [] } as ExporterSettings } = {} as {
    answer?: Answer;
    interval?: number;
    path?: string;
    settings?: ExporterSettings;
  },
) {
  const receiver = await startReceiver(answer);
  const records: LogRecord[] = [];
  const push = startOtlp({
    exporter: { collect: async () => samples },
    settings: () => settings,
    receiver: await loadOtlp(`${receiver.url}${path}`),
    interval,
    log: (record) => records.push(record),
  });
  onTestFinished(async () => {
    await push.stop();
    await receiver[Symbol.asyncDispose]();
  });
  const logged = (count: number) => vi.waitFor(() => expect(records).toHaveLength(count), 20_000);
  return { receiver, records, logged, push };
}

/** What differs from one rendering of the same samples to the next, and what OTLP has no type for. */
const isComparable = (line: string) =>
  !/^fcgi_probe_scrape_duration_seconds |^phpfpm_last_request_memory_bytes_(?:sum|count)\{/.test(
    line,
  );

/** The lines of `/metrics` for the same samples. */
function expectedLines(samples: readonly Sample[], fixProcessCount = false): string[] {
  const exporter = { version: packageVersion(), elapsed: 0 };
  const text = [...metricsText(samples, { style: "modern", fixProcessCount, exporter })].join("");
  return seriesOf(text).map(sortedLabels).filter(isComparable).sort();
}

describe("metrics sent by OTLP", () => {
  it("are those of /metrics in the modern style: names, labels and values", async () => {
    const samples = everything();
    const { receiver } = await send(samples);
    await receiver.received(1);
    const lines = seriesOfRequests(receiver.requests).map(({ line }) => line);
    expect(lines.filter(isComparable).sort()).toEqual(expectedLines(samples));
    expect(lines.length).toBeGreaterThan(100);
  });

  it("have a type, a unit, a resource and a scope", async () => {
    const { receiver } = await send(everything());
    await receiver.received(1);
    const [request] = receiver.requests;
    const metric = (name: string) => request?.metrics.find((each) => each.name === name);
    expect(metric("phpfpm_accepted_connections_total")).toMatchObject({
      description: expect.stringMatching(/./),
      unit: "",
      sum: { isMonotonic: true, aggregationTemporality: 2 },
    });
    expect(metric("apache_sent_bytes_total")).toMatchObject({ unit: "By", sum: {} });
    expect(metric("phpfpm_start_time_seconds")).toMatchObject({ unit: "s", gauge: {} });
    expect(metric("phpfpm_process_last_request_cpu_ratio")).toMatchObject({ unit: "1" });
    expect(metric("phpfpm_running_request_duration_seconds")).toMatchObject({ histogram: {} });
    expect(request?.scope).toEqual({ name: "fcgi-probe", version: packageVersion() });
    expect(request?.resource).toMatchObject({
      "service.name": "fcgi-probe",
      "service.version": packageVersion(),
      "host.name": expect.stringMatching(/./),
    });
  });

  it("go to /v1/metrics, or to the path of the endpoint", async () => {
    const first = await send([]);
    const second = await send([], { path: "/otlp/in" });
    await Promise.all([first.receiver.received(1), second.receiver.received(1)]);
    expect(first.receiver.requests[0]?.path).toBe("/v1/metrics");
    expect(second.receiver.requests[0]?.path).toBe("/otlp/in");
  });

  it("go in several requests where there are many targets, each series once", async () => {
    const [first] = everything();
    const status = first?.kind === "phpfpm" ? first.status : undefined;
    if (status === undefined) throw new Error("the first sample has a status");
    const samples = Array.from({ length: 120 }, (_, at) =>
      poolSample(status, poolTarget(`127.0.0.1:${9_000 + at}/status`)),
    );
    const { receiver, logged } = await send(samples);
    await logged(1);
    expect(receiver.requests).toHaveLength(3);
    const lines = seriesOfRequests(receiver.requests).map(({ line }) => line);
    expect(lines.filter(isComparable).sort()).toEqual(expectedLines(samples));
  });

  it("carry the headers and the resource of OTEL_*", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc");
    vi.stubEnv("OTEL_SERVICE_NAME", "php");
    vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "site=shop,host.name=web1");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { receiver } = await send([]);
    await receiver.received(1);
    expect(receiver.requests[0]).toMatchObject({
      headers: { authorization: "Bearer abc" },
      resource: { "service.name": "php", "host.name": "web1", site: "shop" },
    });
  });
});

describe("a receiver", () => {
  it("that is too busy is asked again after the time that it names", async () => {
    const { receiver, records, logged } = await send([], {
      answer: (response, number) => {
        if (number > 0) return response.end("{}");
        response.writeHead(503, { "retry-after": "1" });
        return response.end();
      },
    });
    await logged(1);
    expect(receiver.requests).toHaveLength(2);
    expect(records).toEqual([
      {
        level: "info",
        message: "the metrics are sent",
        destination: `${receiver.url}/v1/metrics`,
      },
    ]);
  });

  it("that rejects a part is logged once, and again when it takes all", async () => {
    const partialSuccess = { rejectedDataPoints: "3", errorMessage: "too old" };
    const { receiver, records } = await send([], {
      interval: 20,
      answer: (response, number) =>
        response.end(JSON.stringify(number < 3 ? { partialSuccess } : {})),
    });
    await receiver.received(6);
    expect(records).toMatchObject(
      [
        { level: "warn", message: /with a warning/, error: /"rejectedDataPoints":"3".*too old/ },
        { level: "info", message: "the metrics are sent again" },
      ].map((record) => ({
        level: record.level,
        message: expect.stringMatching(record.message),
        ...(record.error && { error: expect.stringMatching(record.error) }),
      })),
    );
  });

  it("that refuses is logged once a change, with its words", async () => {
    const { receiver, records } = await send([], {
      interval: 20,
      answer: (response, number) => {
        if (number > 2) return response.end("{}");
        response.writeHead(401);
        return response.end("no token");
      },
    });
    await receiver.received(6);
    expect(records).toMatchObject([
      {
        level: "error",
        message: "the metrics cannot be sent",
        error: "401: Unauthorized: no token",
        hint: expect.stringContaining("OTEL_EXPORTER_OTLP_HEADERS"),
      },
      { level: "info", message: "the metrics are sent again" },
    ]);
  });

  it("that hangs does not hold up the end", async () => {
    const { receiver, push, records } = await send([], { answer: () => {} });
    await receiver.received(1);
    const from = performance.now();
    await push.stop();
    expect(performance.now() - from).toBeLessThan(1_500);
    expect(records).toEqual([]);
  });

  it("is not shown with its password", async () => {
    const { shown } = await loadOtlp("http://user:secret@127.0.0.1:1/in?token=secret");
    expect(shown).toBe("http://127.0.0.1:1/in");
  });
});

describeWith(["php-fpm", "apache2"], "the start of points", () => {
  let fpm: PhpFpm;
  let httpd: Apache;
  beforeAll(async () => {
    const www = { name: "www", pm: "static", maxChildren: 3, listen: "unix" } as const;
    const extra = { "php_admin_value[opcache.enable]": "1" };
    fpm = await startPhpFpm({ pools: [{ ...www, extra }] });
    httpd = await startApache({ mpm: "event" });
  });
  afterAll(() => Promise.all([fpm.stop(), httpd.stop()]));

  it("is that of the pool, its processes, OPcache and the httpd", async () => {
    const opcache = join(fpm.folder, "opcache.php");
    copyFileSync(fileURLToPath(new URL("../../../php/opcache.php", import.meta.url)), opcache);
    const began = Date.now();
    const exporter = createExporter({
      targets: [
        targetOf(fpm.pool("www").address, { opcache }),
        targetOf(`${httpd.url}/server-status?auto`),
        targetOf("unix:/nowhere.sock:/status"),
      ],
    });
    const samples = await exporter.collect();
    const { receiver } = await send(samples);
    await receiver.received(1);
    const all = seriesOfRequests(receiver.requests);
    expect(
      all
        .map(({ line }) => line)
        .filter(isComparable)
        .sort(),
    ).toEqual(expectedLines(samples));

    const sums = all.filter(({ isSum }) => isSum);
    const startOf = (start: string) => sums.find(({ line }) => line.startsWith(start))?.start;
    const value = (start: string) =>
      Number(
        all
          .find(({ line }) => line.startsWith(start))
          ?.line.split(" ")
          .at(-1),
      );
    const poolStart = 1_000 * value('phpfpm_start_time_seconds{pool="www"');
    expect(startOf('phpfpm_accepted_connections_total{pool="www"')).toBe(poolStart);
    const [pool] = samples;
    const processes = pool?.kind === "phpfpm" ? (pool.status?.processes ?? []) : [];
    expect(processes).toHaveLength(3);
    for (const [child, { startTime }] of processes.entries()) {
      const series = `phpfpm_process_requests_total{child="${child}"`;
      expect(startOf(series)).toBe(startTime?.getTime());
    }
    expect(startOf("phpfpm_opcache_misses_total")).toBe(
      1_000 * value("phpfpm_opcache_start_time_seconds"),
    );
    expect(startOf("apache_requests_total")).toBe(1_000 * value("apache_start_time_seconds"));
    // What counts since the exporter knows the target.
    for (const target of ['pool="www"', 'pool=""']) {
      const start = startOf(`phpfpm_scrape_failures_total{${target}`);
      expect(start).toBeGreaterThanOrEqual(began);
      expect(start).toBeLessThanOrEqual(Date.now());
    }
  });
});
