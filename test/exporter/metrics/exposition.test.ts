import { describe, expect, it } from "vitest";
import { type MetricsFormat, writeMetrics } from "../../../src/exporter/metrics/exposition.js";
import { LabelSet, noLabels } from "../../../src/exporter/metrics/labels.js";
import { both, type Emit, type MetricForm } from "../../../src/exporter/metrics/metric.js";

interface Reading {
  readonly labels: LabelSet;
  readonly value: number | undefined;
}

const form: MetricForm<Reading> = {
  name: "m_bytes_total",
  type: "counter",
  help: 'Bytes of "a\\b"\nand more.',
  emit: ({ value }, emit) => emit(value),
};

function written(readings: readonly Reading[], format: MetricsFormat = "text", used = form) {
  return [...writeMetrics([both(used)], readings, "modern", format)].join("");
}

const reading = (name: string, value: number | undefined): Reading => ({
  labels: new LabelSet([["a", name]]),
  value,
});
const plain = { labels: noLabels, value: 1 };

describe("the exposition", () => {
  it("describes a metric, and has all of its values together", () => {
    expect(written([reading("1", 1), reading("2", 2.5)])).toBe(
      '# HELP m_bytes_total Bytes of "a\\\\b"\\nand more.\n# TYPE m_bytes_total counter\n' +
        'm_bytes_total{a="1"} 1\nm_bytes_total{a="2"} 2.5\n',
    );
  });

  it("has one series for the same labels: the first", () => {
    const text = written([reading("1", 1), reading("2", 2), reading("1", 3)]);
    expect(text.split("\n").slice(2)).toEqual([
      'm_bytes_total{a="1"} 1',
      'm_bytes_total{a="2"} 2',
      "",
    ]);
  });

  it("is empty without a value", () => {
    expect(written([reading("1", undefined)])).toBe("");
    expect(written([])).toBe("");
  });

  it("writes infinite values as Prometheus does", () => {
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e21];
    const text = written(values.map((value, at) => reading(`${at}`, value)));
    expect(text.match(/(?<=\} ).*/g)).toEqual(["+Inf", "-Inf", "NaN", "1e+21"]);
  });

  it("names a counter of OpenMetrics without _total, and its unit", () => {
    expect(written([plain], "openmetrics")).toBe(
      "# TYPE m_bytes counter\n# UNIT m_bytes bytes\n" +
        '# HELP m_bytes Bytes of \\"a\\\\b\\"\\nand more.\nm_bytes_total 1\n',
    );
  });

  it("has the type info in OpenMetrics, and a gauge in the text format", () => {
    const info = { ...form, name: "m_info", type: "info" as const, help: "Texts." };
    expect(written([plain], "openmetrics", info)).toBe(
      "# TYPE m info\n# HELP m Texts.\nm_info 1\n",
    );
    expect(written([plain], "text", info)).toContain("# TYPE m_info gauge\n");
  });

  it("is handed on in pieces, with one description", () => {
    const count = 10_000;
    const many = { ...form, emit: (_: Reading, emit: Emit) => emit(1) };
    const readings = Array.from({ length: count }, (_, at) => reading(`${at}`, 1));
    const pieces = [...writeMetrics([both(many)], readings, "modern", "text")];
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.every(({ length }) => length < 70_000)).toBe(true);
    expect(pieces.join("").match(/^# TYPE/gm)).toHaveLength(1);
    expect(pieces.join("").match(/^m_bytes_total\{/gm)).toHaveLength(count);
  });
});
