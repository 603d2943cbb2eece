import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import { ApacheMetrics } from "../../src/exporter/apache-metrics.js";
import { formatLabels, type Metric, metricText } from "../../src/exporter/exposition.js";
import { PoolMetrics } from "../../src/exporter/pool-metrics.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { fixture } from "../fixtures.js";
import { describeWith } from "../harness/describe-with.js";
import { requireServer } from "../harness/servers.js";

const metric: Metric = { name: "m_bytes", type: "gauge", help: "Bytes." };

/** Text from a page, target or server that must not break an exposition. */
const hostile = [
  "\ud800",
  "a\udc00b",
  'q"u\\o\nte',
  "\0\x01\x7f\r",
  "\ufffe\uffff",
  "\u2028",
  "é\u{1f600}",
];

describe("the exposition", () => {
  it("has one sample for the same labels: the first", () => {
    const text = metricText(metric, [
      ['a="1"', undefined],
      ['a="1"', 1],
      ['a="2"', 2],
      ['a="1"', 3],
    ]);
    expect(text.split("\n").slice(2)).toEqual(['m_bytes{a="1"} 1', 'm_bytes{a="2"} 2', ""]);
  });

  it("is empty without a value", () => {
    expect(metricText(metric, [["", undefined]])).toBe("");
  });

  it("is well-formed: invalid Unicode becomes U+FFFD", () => {
    expect(formatLabels([["a", "x\ud800y\udc00"]])).toBe('a="x\ufffdy\ufffd"');
    expect(formatLabels([["a", "\u{1f600}"]])).toBe('a="\u{1f600}"');
    for (const value of hostile) {
      const text = formatLabels([["a", value]]);
      expect(Buffer.from(text).toString()).toBe(text);
      expect(text).not.toContain("\n");
    }
  });

  it("of pools has each target once", () => {
    const value = parseStatusPage(fixture("fpm-status/static-slow--text-full.body.txt"));
    const metrics = new PoolMetrics();
    for (const target of ["a:1", "a:1", "a:2"]) {
      metrics.add({ target, ok: true, value, elapsed: 1 });
    }
    expectNoDuplicates([...metrics.text()].join(""));
  });

  it("of httpd has each worker of a balancer once", () => {
    const page = new TextDecoder().decode(fixture("apache-status/extras-idle--auto.txt"));
    const twice = page.replace("fcgi://127.0.0.1:9102", "fcgi://127.0.0.1:9101");
    expect(twice).not.toBe(page);
    const value = parseServerStatus(new TextEncoder().encode(twice));
    const metrics = new ApacheMetrics();
    metrics.add({ target: "http://a/", ok: true, value, elapsed: 1 });
    metrics.add({ target: "http://a/", ok: true, value, elapsed: 1 });
    expectNoDuplicates([...metrics.text()].join(""));
  });
});

function expectNoDuplicates(text: string): void {
  const names = text
    .split("\n")
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(names.length).toBeGreaterThan(20);
  expect(names).toEqual([...new Set(names)]);
}

describeWith(["promtool"], "the exposition and Prometheus", () => {
  it("its promtool reads labels of any text", () => {
    const values = hostile.map((value) => [formatLabels([["a", value]]), 1] as const);
    const { status, stderr } = spawnSync(requireServer("promtool"), ["check", "metrics"], {
      input: metricText(metric, values),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
