import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { negotiate } from "../../../src/exporter/metrics/negotiate.js";
import type { MetricStyle } from "../../../src/exporter/settings.js";
import { createPool } from "../../../src/status-page/records.js";
import { describeWith } from "../../harness/describe-with.js";
import { type Prometheus, startPrometheus } from "../../harness/prometheus.js";
import { captured } from "./captured-pools.js";
import { everything, fields } from "./everything.js";
import { poolSample, poolTarget, seriesOf, textOf } from "./samples.js";

const exporter = {
  version: "1.2.3",
  elapsed: 5,
  reload: { successful: true, succeededAt: 1e12 },
  sources: [{ name: "files targets/*.yaml", targets: 1, ok: true }],
};
/** Text from a page or a configuration that must not break an exposition. */
const hostile = 'q"u\\o\nte \ud800 é\u{1f600} \ufffe';
const samples = [
  ...everything(),
  poolSample(
    Object.assign(createPool(), fields, { pool: hostile }),
    poolTarget("127.0.0.1:9001/status", { labels: { site: hostile, "a-b": "c" } }),
  ),
];

/** How Prometheus asked, and what it was sent. */
const seen = new Map<string, { accept: string; contentType: string; text: string }>();

/** Serves the samples at /drop-in and /modern, in the format that is asked for, and a capture. */
const server = createServer(({ url = "", headers }, response) => {
  const style = url.slice(1) as MetricStyle;
  const accept = headers.accept ?? "";
  const { format, contentType } = negotiate(accept, style);
  const text = url === "/peer" ? captured : textOf(samples, { style, format, exporter });
  seen.set(url, { accept, contentType, text });
  response.setHeader("content-type", contentType).end(text);
});

/** A series as Prometheus stored it, with the labels in the order of the alphabet. */
function storedSeries({
  __name__: name,
  instance,
  job,
  ...labels
}: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.sort().join(",")}}`;
}

/** A series as it was written. Prometheus leaves out labels without a value. */
function sentSeries(line: string): string {
  const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
  const pairs = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
  return `${name}{${pairs
    .filter((each) => !each.endsWith('=""'))
    .sort()
    .join(",")}}`;
}

describeWith(["prometheus"], "a real Prometheus with its default headers", () => {
  let prometheus: Prometheus;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const targets = [`127.0.0.1:${port}`];
    prometheus = await startPrometheus(
      ["drop-in", "modern", "peer"].map((job) => ({
        job_name: job,
        metrics_path: `/${job}`,
        static_configs: [{ targets }],
      })),
    );
    await prometheus.wait("up == 1", (results) => results.length === 3);
  }, 30_000);

  afterAll(async () => {
    await prometheus[Symbol.asyncDispose]();
    server.close();
  });

  it.each(["drop-in", "modern"])("stores every series of the %s style", async (style) => {
    const stored = await prometheus.query(
      `{job="${style}",__name__=~"(phpfpm|apache|fcgi_probe).*"}`,
    );
    const sent = seriesOf(seen.get(`/${style}`)?.text ?? "").map(sentSeries);
    expect(stored.map(({ metric }) => storedSeries(metric)).sort()).toEqual(sent.sort());
    expect(sent.length).toBeGreaterThan(90);
  });

  it("gets text from the drop-in style, and OpenMetrics 1.0 from the modern one", () => {
    const [dropIn, modern] = [seen.get("/drop-in"), seen.get("/modern")];
    expect(dropIn?.accept).toContain("application/openmetrics-text");
    expect(dropIn?.contentType).toMatch(/^text\/plain; version=0\.0\.4;/);
    expect(modern?.contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0;/);
    expect(modern?.text).toMatch(/\n# EOF\n$/);
    expect(modern?.text).not.toContain("_created");
  });

  it("has the names of php-fpm_exporter in the drop-in style: no counter is renamed", async () => {
    const names = async (job: string) =>
      (await prometheus.query(`count by (__name__) ({job="${job}",__name__=~"phpfpm_.*"})`)).map(
        ({ metric }) => metric["__name__"],
      );
    const ours = await names("drop-in");
    const theirs = await names("peer");
    expect(theirs.length).toBeGreaterThanOrEqual(18);
    expect(ours).toEqual(expect.arrayContaining(theirs));
  });

  it("reads labels of any text", async () => {
    const [result] = await prometheus.query('phpfpm_up{job="drop-in",a_b="c"}');
    expect(result?.metric).toMatchObject({
      pool: hostile.replace("\ud800", "\ufffd"),
      site: hostile.replace("\ud800", "\ufffd"),
    });
  });

  it("can make quantiles of the histogram", async () => {
    const [result] = await prometheus.query(
      'histogram_quantile(0.5, phpfpm_running_request_duration_seconds_bucket{job="modern"})',
    );
    expect(Number(result?.value[1])).toBe(0.5);
  });
});
