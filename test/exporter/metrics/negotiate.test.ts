import { describe, expect, it } from "vitest";
import { negotiate } from "../../../src/exporter/metrics/negotiate.js";

const prometheus2 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const prometheus3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6, application/openmetrics-text;version=0.0.1;q=0.5, text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4, text/plain;version=0.0.4;q=0.3, */*;q=0.2";

const text = "text/plain; version=0.0.4; charset=utf-8; escaping=";
const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=";

describe("the drop-in style", () => {
  it.each([
    [null, "underscores"],
    [prometheus2, "underscores"],
    [prometheus3, "allow-utf-8"],
    ["application/openmetrics-text;version=1.0.0", "underscores"],
    ["application/json", "underscores"],
    ["text/plain;version=1.0.0;escaping=dots", "dots"],
  ])("is always in the text format, as the peers are: %s", (accept, escaping) => {
    const contentType = `${text}${escaping}`;
    expect(negotiate(accept, "drop-in")).toEqual({ format: "text", contentType });
  });
});

describe("the modern style", () => {
  it.each([
    [prometheus2, "underscores"],
    [prometheus3, "allow-utf-8"],
    ["application/openmetrics-text", "underscores"],
    ['Application/OpenMetrics-Text; Version="1.0.0"; escaping=values', "values"],
    [
      "text/plain;q=0.5, application/openmetrics-text;version=1.0.0;escaping=nonsense",
      "underscores",
    ],
  ])("is OpenMetrics 1.0 where that is preferred: %s", (accept, escaping) => {
    const contentType = `${openMetrics}${escaping}`;
    expect(negotiate(accept, "modern")).toEqual({ format: "openmetrics", contentType });
  });

  it.each([
    null,
    "",
    "*/*",
    "text/*",
    "application/json",
    "application/openmetrics-text;version=2.0.0",
    "application/openmetrics-text;version=0.0.1",
    "application/openmetrics-text;version=1.0.0;q=0",
    "application/openmetrics-text;version=1.0.0;q=nonsense",
    "application/openmetrics-text;version=1.0.0;q=0.4, text/plain;version=0.0.4",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ",;=,".repeat(5_000),
  ])("is in the text format otherwise: %s", (accept) => {
    expect(negotiate(accept, "modern").format).toBe("text");
  });
});
