import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { ErrorCode, GatewayError } from "../errors.js";

/** The longest time that is told apart, in microseconds: an hour. */
const LONGEST = 3_600_000_000;
const PERCENTILES = [50, 75, 90, 99, 99.9] as const;

/** How long answers took, in milliseconds. */
export interface Latency {
  readonly mean: number;
  /** By percent: 50, 75, 90, 99 and 99.9. A time is exact to a thousandth of itself. */
  readonly percentiles: ReadonlyMap<number, number>;
  readonly min: number;
  readonly max: number;
}

/** Counts what became of requests. */
export class Tally {
  /** Answers that were complete. */
  answers = 0;
  /** Bytes of all requests that were sent, and of all answers. */
  sent = 0;
  received = 0;
  /** How many answers had each status. Those without a readable head count as 0. */
  readonly statuses = new Map<number, number>();
  /** The errors of each code: how many, and the first. */
  readonly errors = new Map<ErrorCode, { count: number; first: GatewayError }>();
  /** From the time a request was due; without a rate, from the time it was sent. */
  readonly #latency = createTimes();
  /** From the time a request was sent. */
  readonly #service = createTimes();

  /**
   * @param latency milliseconds since the request was due
   * @param service milliseconds since it was sent
   */
  answer(status: number, latency: number, service: number): void {
    this.answers++;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.#latency.record(microseconds(latency));
    this.#service.record(microseconds(service));
  }

  error(error: GatewayError): void {
    const before = this.errors.get(error.code);
    if (before === undefined) this.errors.set(error.code, { count: 1, first: error });
    else before.count++;
  }

  /** Undefined without an answer. */
  get latency(): Latency | undefined {
    return latencyOf(this.#latency);
  }

  /** Undefined without an answer. */
  get service(): Latency | undefined {
    return latencyOf(this.#service);
  }
}

function createTimes(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST, figures: 3 });
}

function microseconds(milliseconds: number): number {
  return Math.min(LONGEST, Math.max(1, Math.round(milliseconds * 1_000)));
}

function latencyOf(times: RecordableHistogram): Latency | undefined {
  if (times.count === 0) return undefined;
  const max = times.max / 1_000;
  // A bucket's upper end may be above the maximum.
  const at = (percent: number) => Math.min(max, times.percentile(percent) / 1_000);
  return {
    mean: times.mean / 1_000,
    percentiles: new Map(PERCENTILES.map((percent) => [percent, at(percent)])),
    min: times.min / 1_000,
    max,
  };
}
