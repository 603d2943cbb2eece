import type { PoolSettings } from "./settle-options.js";

/** The part of a worker that decides about the number of workers. */
export interface ManagedWorker {
  /** Milliseconds since it became idle; undefined while it serves a request. */
  idle: number | undefined;
  startedAt: number;
}

export type ProcessManagerSettings = Pick<
  PoolSettings,
  "pm" | "maxChildren" | "minSpareServers" | "maxSpareServers" | "processIdleTimeout"
>;

export interface Decision<Worker> {
  start: number;
  end: readonly Worker[];
  /** Whether `maxChildren` prevents the start of a worker that is needed. */
  atLimit: boolean;
}

/** The most workers that start in one second. */
const MAX_RATE = 32;

/**
 * Decides how many workers run, as PHP-FPM does: a dynamic pool starts 1, then 2, 4, 8… a second while
 * it has too few idle ones, and ends one a second while it has too many.
 */
export class WorkerCount {
  readonly #settings: ProcessManagerSettings;
  #rate = 1;

  constructor(settings: ProcessManagerSettings) {
    this.#settings = settings;
  }

  /** Decides once a second. */
  decide<Worker extends ManagedWorker>(workers: readonly Worker[]): Decision<Worker> {
    switch (this.#settings.pm) {
      case "static":
        return { start: this.#settings.maxChildren - workers.length, end: [], atLimit: false };
      case "dynamic":
        return this.#decideDynamic(workers);
      case "ondemand":
        return { start: 0, end: this.#expired(workers), atLimit: false };
    }
  }

  /**
   * Decides for connections that wait in the master because no worker is idle.
   *
   * @param starting the number of workers that load the application
   */
  decideWaiting(waiting: number, running: number, starting: number): Decision<never> {
    const { pm, maxChildren } = this.#settings;
    const wanted = Math.max(0, waiting - starting);
    const start = pm === "static" ? 0 : Math.min(wanted, maxChildren - running);
    return { start, end: [], atLimit: pm !== "static" && wanted > 0 && running >= maxChildren };
  }

  #decideDynamic<Worker extends ManagedWorker>(workers: readonly Worker[]): Decision<Worker> {
    const { maxChildren, minSpareServers, maxSpareServers } = this.#settings;
    const idle = workers.filter((worker) => worker.idle !== undefined);
    if (idle.length > maxSpareServers) {
      this.#rate = 1;
      return { start: 0, end: youngest(idle), atLimit: false };
    }
    if (idle.length >= minSpareServers) {
      this.#rate = 1;
      return { start: 0, end: [], atLimit: false };
    }
    if (workers.length >= maxChildren) return { start: 0, end: [], atLimit: true };
    const start = Math.min(this.#rate, maxChildren - workers.length, minSpareServers - idle.length);
    this.#rate = Math.min(MAX_RATE, this.#rate * 2);
    return { start, end: [], atLimit: false };
  }

  #expired<Worker extends ManagedWorker>(workers: readonly Worker[]): Worker[] {
    const { processIdleTimeout } = this.#settings;
    if (processIdleTimeout === 0) return [];
    return workers.filter(({ idle = -1 }) => idle >= processIdleTimeout);
  }
}

/** The youngest worker, because connections go to the oldest one first. */
function youngest<Worker extends ManagedWorker>(workers: readonly Worker[]): Worker[] {
  return [...workers].sort((one, other) => other.startedAt - one.startedAt).slice(0, 1);
}
