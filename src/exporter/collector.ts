import { type FleetResult, probeAll } from "../fleet/probe.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { failureReason } from "./failure-reason.js";
import { readPool, readServer } from "./read-target.js";
import type { Sample } from "./sample.js";
import type { ScrapeTarget } from "./target.js";

/** What is kept of a target from one scrape to the next. */
interface Kept {
  pool: string;
  failures: number;
}

/** Reads targets, and keeps what their series need from one scrape to the next. */
export class Collector {
  readonly #kept = new Map<string, Kept>();

  /**
   * Reads all targets. A target that cannot be read has a sample with an error.
   *
   * @param timeout milliseconds for all of them
   */
  async collect(targets: readonly ScrapeTarget[], timeout: number): Promise<Sample[]> {
    const byAddress = new Map(targets.map((target) => [target.address, target]));
    const samples: Sample[] = [];
    const read = (address: string, limits: { timeout: number; signal: AbortSignal }) => {
      const target = byAddress.get(address) as ScrapeTarget;
      const options = {
        ...limits,
        timeout: Math.min(target.timeout, limits.timeout),
        maxLength: 8_388_608,
      };
      return target.kind === "phpfpm" ? readPool(target, options) : readServer(target, options);
    };
    for await (const result of probeAll<unknown>(byAddress.keys(), read, { timeout, retries: 0 })) {
      samples.push(this.#sample(byAddress.get(result.target) as ScrapeTarget, result));
    }
    return samples;
  }

  #sample(target: ScrapeTarget, result: FleetResult<unknown>): Sample {
    const kept = this.#kept.get(target.address) ?? { pool: "", failures: 0 };
    this.#kept.set(target.address, kept);
    if (!result.ok) kept.failures++;
    else if (target.kind === "phpfpm") kept.pool = (result.value as PoolStatus).pool ?? kept.pool;
    const error = result.ok ? undefined : result.error;
    return {
      kind: target.kind,
      target,
      time: Date.now(),
      elapsed: result.elapsed,
      status: result.ok ? result.value : undefined,
      error,
      reason: error && failureReason(error),
      ...kept,
    } as Sample;
  }
}
