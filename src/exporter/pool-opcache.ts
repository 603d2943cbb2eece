import { ErrorCode, type GatewayError } from "../errors.js";
import { readOpcache } from "../phpfpm/opcache.js";
import { explainThrown } from "./failure-reason.js";
import type { ReadLimits } from "./read-target.js";
import type { PoolSample } from "./sample.js";

/** Milliseconds for which a pool that did not answer the script in time is not asked again. */
const PAUSE = 60_000;

/** The errors of a pool that has no worker for the script. */
const busy: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.Deadline,
  ErrorCode.ConnectTimeout,
  ErrorCode.BacklogFull,
]);

/**
 * Reads OPcache of one pool by the script of its target. It never fails: a sample has the values, or
 * the error. A pool whose workers are all busy is left alone for a while, because each request that
 * is given up stays in its queue.
 */
export class PoolOpcache {
  #error: GatewayError | undefined;
  /** When the pool may be asked again, in milliseconds of the monotonic clock. */
  #pauseEnds = Number.NEGATIVE_INFINITY;

  /** Adds the state of OPcache to the sample of a pool that has answered. */
  async addTo(
    sample: PoolSample,
    script: string,
    { timeout, signal }: Omit<ReadLimits, "maxLength">,
  ): Promise<PoolSample> {
    if (performance.now() < this.#pauseEnds) return { ...sample, opcacheError: this.#error };
    const { address, connectTo = address } = sample.target;
    try {
      const opcache = await readOpcache(connectTo, script, { timeout, signal });
      return { ...sample, opcache };
    } catch (thrown) {
      const error = explainThrown("reading OPcache failed", thrown);
      this.#error = error;
      if (busy.has(error.code)) this.#pauseEnds = performance.now() + PAUSE;
      return { ...sample, opcacheError: error };
    }
  }
}
