import type { DataPoint, MetricData } from "@opentelemetry/sdk-metrics";
import type { LabelSet } from "../metrics/labels.js";
import type { Emit, MetricForm } from "../metrics/metric.js";

/** OpenTelemetry's numbers for these words. Its library is loaded only where metrics are sent. */
const GAUGE = 2;
const SUM = 3;
const HISTOGRAM = 0;
const CUMULATIVE = 1;
const DOUBLE = 1;

/** A reading, and the times of its points in milliseconds since 1970. */
export interface TimedReading<Reading> {
  readonly reading: Reading;
  /** When the counters of the reading began. */
  readonly start: number;
  /** When it was read. */
  readonly end: number;
}

/**
 * A metric as OpenTelemetry has it; `undefined` if it has no point. A counter is a monotonic,
 * cumulative sum. Quantiles, which OpenTelemetry has no type for, are a gauge with the attribute
 * `quantile`.
 */
export function otlpMetric<Reading extends { readonly labels: LabelSet }>(
  form: MetricForm<Reading>,
  readings: readonly TimedReading<Reading>[],
): MetricData | undefined {
  const { name, help: description, type } = form;
  const common = {
    descriptor: { name, description, unit: unitOf(name), valueType: DOUBLE },
    aggregationTemporality: CUMULATIVE,
  };
  if (type === "histogram") {
    const dataPoints = readings.flatMap((timed) => histogramPoint(form, timed) ?? []);
    return dataPoints.length === 0
      ? undefined
      : { ...common, dataPointType: HISTOGRAM, dataPoints };
  }
  const dataPoints = readings.flatMap((timed) => numberPoints(form, timed));
  if (dataPoints.length === 0) return undefined;
  return type === "counter"
    ? { ...common, dataPointType: SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: GAUGE, dataPoints };
}

function numberPoints<Reading extends { readonly labels: LabelSet }>(
  form: MetricForm<Reading>,
  { reading, start, end }: TimedReading<Reading>,
): DataPoint<number>[] {
  const startTime = hrTime(start);
  const endTime = hrTime(end);
  const own = attributesOf(reading.labels);
  const points: DataPoint<number>[] = [];
  form.emit(reading, (value, labels, suffix = "") => {
    if (value === undefined || !Number.isFinite(value) || suffix !== "") return;
    const began = form.began?.(reading, labels);
    points.push({
      startTime: began === undefined ? startTime : hrTime(began),
      endTime,
      attributes: labels === undefined ? own : { ...own, ...attributesOf(labels) },
      value,
    });
  });
  return points;
}

/** What is counted anew at each reading begins with it. */
function histogramPoint<Reading extends { readonly labels: LabelSet }>(
  form: MetricForm<Reading>,
  { reading, end }: TimedReading<Reading>,
): DataPoint<HistogramValue> | undefined {
  const values: Parameters<Emit>[] = [];
  form.emit(reading, (...value) => values.push(value));
  if (values.length === 0) return undefined;
  const buckets = values.filter(([, , suffix]) => suffix === "_bucket");
  const cumulative = buckets.map(([count = 0]) => count);
  const bounds = buckets.map(([, labels]) => Number(labels?.pairs[0]?.[1]));
  const valueWith = (wanted: string) => values.find(([, , suffix]) => suffix === wanted)?.[0] ?? 0;
  const time = hrTime(end);
  return {
    startTime: time,
    endTime: time,
    attributes: attributesOf(reading.labels),
    value: {
      // The last bucket, up to infinity, has no bound: its text is no number.
      buckets: {
        boundaries: bounds.filter((bound) => Number.isFinite(bound)),
        counts: cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0)),
      },
      sum: valueWith("_sum"),
      count: valueWith("_count"),
    },
  };
}

type HistogramValue = Extract<MetricData, { dataPointType: 0 }>["dataPoints"][number]["value"];

function attributesOf({ pairs }: LabelSet): Record<string, string> {
  return Object.fromEntries(pairs);
}

function unitOf(name: string): string {
  const [, unit] = /_(seconds|bytes|ratio)(?:_total)?$/.exec(name) ?? [];
  switch (unit) {
    case "seconds":
      return "s";
    case "bytes":
      return "By";
    default:
      return unit === undefined ? "" : "1";
  }
}

/** Seconds and nanoseconds since 1970. */
function hrTime(milliseconds: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1_000_000)];
}
