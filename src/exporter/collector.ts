import { StatusSource } from "../apache/fetch/status-source.js";
import type { ServerStatus } from "../apache/page/server-status.js";
import { type FleetResult, probeAll } from "../fleet/probe.js";
import { status } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { Sample } from "./sample.js";
import type { ScrapeTarget } from "./target.js";

/** What is kept of a target from one scrape to the next. */
interface Kept {
  pool: string;
  failures: number;
}

type Limits = { timeout: number; signal: AbortSignal };

/** Reads targets, and keeps what their series need from one scrape to the next. */
export class Collector {
  readonly #kept = new Map<string, Kept>();

  /**
   * Reads all targets. A target that cannot be read has a sample with an error.
   *
   * @param timeout milliseconds for all of them
   */
  async collect(targets: readonly ScrapeTarget[], timeout: number): Promise<Sample[]> {
    const pools = targets.filter(({ kind }) => kind === "phpfpm");
    const servers = targets.filter(({ kind }) => kind === "apache");
    const [poolSamples, serverSamples] = await Promise.all([
      this.#readAll(pools, timeout, readPool, (target, result) => this.#poolSample(target, result)),
      this.#readAll(servers, timeout, readServer, (target, result) =>
        this.#serverSample(target, result),
      ),
    ]);
    return [...poolSamples, ...serverSamples];
  }

  async #readAll<Status>(
    targets: readonly ScrapeTarget[],
    timeout: number,
    read: (target: ScrapeTarget, limits: Limits) => Promise<Status>,
    sample: (target: ScrapeTarget, result: FleetResult<Status>) => Sample,
  ): Promise<Sample[]> {
    const byAddress = new Map(targets.map((target) => [target.address, target]));
    const probe = (address: string, limits: Limits) => {
      const target = byAddress.get(address) as ScrapeTarget;
      return read(target, { ...limits, timeout: Math.min(target.timeout, limits.timeout) });
    };
    const samples: Sample[] = [];
    for await (const result of probeAll(byAddress.keys(), probe, { timeout, retries: 0 })) {
      samples.push(sample(byAddress.get(result.target) as ScrapeTarget, result));
    }
    return samples;
  }

  #poolSample(target: ScrapeTarget, result: FleetResult<PoolStatus>): Sample {
    const kept = this.#keep(target, result.ok);
    if (result.ok) kept.pool = result.value.pool ?? kept.pool;
    return { kind: "phpfpm", ...scrapeOf(target, result), ...kept };
  }

  #serverSample(target: ScrapeTarget, result: FleetResult<ServerStatus>): Sample {
    const { failures } = this.#keep(target, result.ok);
    return { kind: "apache", ...scrapeOf(target, result), failures };
  }

  #keep({ address }: ScrapeTarget, ok: boolean): Kept {
    const kept = this.#kept.get(address) ?? { pool: "", failures: 0 };
    if (!ok) kept.failures++;
    this.#kept.set(address, kept);
    return kept;
  }
}

function readPool({ address }: ScrapeTarget, limits: Limits): Promise<PoolStatus> {
  return status(address, { ...limits, full: true, retries: 0 });
}

function readServer({ address }: ScrapeTarget, limits: Limits): Promise<ServerStatus> {
  return new StatusSource(address, limits).status();
}

function scrapeOf<Status>(target: ScrapeTarget, result: FleetResult<Status>) {
  const { elapsed } = result;
  return result.ok
    ? { target, elapsed, status: result.value, error: undefined }
    : { target, elapsed, status: undefined, error: result.error };
}
