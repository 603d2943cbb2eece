import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { RequestOutcome, type TappedRequest } from "./tapped-request.js";

/** Scripts that are counted by themselves. Further ones are counted together. */
const MAX_SCRIPTS = 256;
/** The name under which requests of further scripts are counted. */
const OTHER_SCRIPTS = "(other scripts)";
/** The longest time that is told apart, in microseconds: an hour. */
const LONGEST = 3_600_000_000;

/** What a script's requests had in common. Times are in milliseconds. */
export interface ScriptSummary {
  readonly script: string;
  readonly requests: number;
  /** Requests with a status of 500 or more, or without one, and those that ended early. */
  readonly failed: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Milliseconds that all requests took together. */
  readonly total: number;
  /** Bytes of all responses, heads included. */
  readonly received: number;
}

interface Counts {
  requests: number;
  failed: number;
  received: number;
  total: number;
  max: number;
  readonly times: RecordableHistogram;
}

/** Counts the requests of a tap by their scripts. */
export class ScriptTable {
  readonly #scripts = new Map<string, Counts>();

  add(request: TappedRequest): void {
    const { elapsed } = request;
    const counts = this.#countsOf(request.script);
    counts.requests++;
    if (isFailed(request)) counts.failed++;
    counts.received += request.received;
    counts.total += elapsed;
    counts.max = Math.max(counts.max, elapsed);
    counts.times.record(Math.min(LONGEST, Math.max(1, Math.round(elapsed * 1_000))));
  }

  /** The scripts, those that took the most time together first. */
  summaries(): ScriptSummary[] {
    const summaries = Array.from(this.#scripts, ([script, counts]) => ({
      script,
      requests: counts.requests,
      failed: counts.failed,
      mean: counts.total / counts.requests,
      p50: percentile(counts, 50),
      p95: percentile(counts, 95),
      max: counts.max,
      total: counts.total,
      received: counts.received,
    }));
    return summaries.sort((one, other) => other.total - one.total);
  }

  #countsOf(script: string): Counts {
    const isFull = this.#scripts.size >= MAX_SCRIPTS && !this.#scripts.has(script);
    const name = isFull ? OTHER_SCRIPTS : script;
    let counts = this.#scripts.get(name);
    if (counts === undefined) {
      const times = createHistogram({ lowest: 1, highest: LONGEST, figures: 2 });
      counts = { requests: 0, failed: 0, received: 0, total: 0, max: 0, times };
      this.#scripts.set(name, counts);
    }
    return counts;
  }
}

/** Whether a request has no complete response with a status below 500. */
export function isFailed({ status, outcome }: TappedRequest): boolean {
  return outcome !== RequestOutcome.Complete || status === undefined || status >= 500;
}

/** In milliseconds. The histogram has two figures, so it may be a little above the maximum. */
function percentile({ times, max }: Counts, percent: number): number {
  return Math.min(max, times.percentile(percent) / 1_000);
}
