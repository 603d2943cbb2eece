import type { ServerStatus } from "../apache/page/server-status.js";
import type { Metric } from "./exposition.js";

/** A value, and the labels that tell it from the others of its metric. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

/** A metric of httpd's status. Values that the status lacks are `undefined`. */
export interface StatusMetric extends Metric {
  samples(status: ServerStatus): readonly Sample[];
}
