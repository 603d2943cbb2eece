import { type Decision, WorkerCount } from "./process-manager.js";
import type { PoolSettings } from "./settle-options.js";
import type { WorkerProcess } from "./worker-process.js";
import type { Workers } from "./workers.js";

/** The part of a pool that the number of its workers depends on. */
export interface StaffedPool {
  /** Connections that wait in the master. */
  readonly waiting: number;
  /** Lets a surplus worker end. */
  retire(worker: WorkerProcess): void;
  /** `maxChildren` now prevents the start of a worker that is needed. */
  limitReached(): void;
}

/** Starts and ends workers as {@link WorkerCount} decides. */
export class Staffing {
  readonly #settings: PoolSettings;
  readonly #workers: Workers;
  readonly #pool: StaffedPool;
  readonly #count: WorkerCount;
  #isAtLimit = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: PoolSettings, workers: Workers, pool: StaffedPool) {
    this.#settings = settings;
    this.#workers = workers;
    this.#pool = pool;
    this.#count = new WorkerCount(settings);
  }

  /** A worker has exited, or another one may be started now. */
  adjust(): void {
    // Dynamic pools are counted once a second only, because each count doubles their rate.
    if (this.#settings.pm === "static") this.recount();
    else if (this.#pool.waiting > 0) this.startForWaiting();
  }

  /** Compares the number of workers with the number there should be, once a second. */
  recount(): void {
    this.#apply(this.#count.decide(this.#workers.current));
  }

  /** Connections wait, and no worker has room for them. */
  startForWaiting(): void {
    const { current } = this.#workers;
    const starting = current.filter(({ state }) => state === "starting").length;
    this.#apply(this.#count.decideWaiting(this.#pool.waiting, current.length, starting));
  }

  /** No connection waits now. */
  relieved(): void {
    this.#isAtLimit = false;
  }

  /** Cancels a start that was postponed. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #apply({ start, end, atLimit }: Decision<WorkerProcess>): void {
    for (const worker of end) this.#pool.retire(worker);
    if (atLimit && !this.#isAtLimit) this.#pool.limitReached();
    if (atLimit || start > 0 || end.length > 0) this.#isAtLimit = atLimit;
    const pause = this.#workers.pausedUntil - Date.now();
    if (start > 0 && pause > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.adjust(), pause);
      return;
    }
    for (let started = 0; started < start; started++) if (!this.#workers.start()) return;
  }
}
