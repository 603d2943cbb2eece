import type { LabelSet } from "./labels.js";

/** `info` is a gauge that is 1 and has its texts as labels. */
export type MetricType = "counter" | "gauge" | "info" | "histogram" | "summary";

/**
 * Takes one value of a metric. A value that is `undefined` is left out.
 *
 * @param suffix what follows the name, as in `_bucket`
 */
export type Emit = (value: number | undefined, labels?: LabelSet, suffix?: string) => void;

/** A metric in one style, and how its values are found in what was read. */
export interface MetricForm<Reading> {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly emit: (reading: Reading, emit: Emit) => void;
  /**
   * When a counter began that did not begin with its pool or httpd, in milliseconds since 1970;
   * `undefined` if that is not known.
   *
   * @param labels those of the value, beside the reading's
   */
  readonly began?: (reading: Reading, labels: LabelSet | undefined) => number | undefined;
}

/** A metric. Where a style lacks it, its form is absent. */
export interface Metric<Reading> {
  readonly "drop-in"?: MetricForm<Reading>;
  readonly modern?: MetricForm<Reading>;
  /**
   * Which readings may have a value. Metrics that share it look at no others: 40 metrics that none of
   * 2,000 pools has took a tenth of the time. Default: all.
   */
  readonly where?: (reading: Reading) => boolean;
}

/** A metric that both styles have in the same form. */
export function both<Reading>(form: MetricForm<Reading>): Metric<Reading> {
  return { "drop-in": form, modern: form };
}

/** How one value is found that has no labels of its own. */
export function single<Reading>(
  value: (reading: Reading) => number | undefined,
): MetricForm<Reading>["emit"] {
  return (reading, emit) => emit(value(reading));
}
