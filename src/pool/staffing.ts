import { type Decision, WorkerCount } from "./process-manager.js";
import type { PoolSettings } from "./settle-options.js";
import type { WorkerProcess } from "./worker-process.js";
import type { Workers } from "./workers.js";

/** The pool, as far as the number of its workers depends on it. */
export interface StaffedPool {
  /** Connections that wait in the master. */
  readonly waiting: number;
  /** Lets a worker end that there is one too many of. */
  retire(worker: WorkerProcess): void;
  /** `maxChildren` has come to be in the way. */
  limitReached(): void;
}

/** Starts and ends workers, so that there are as many as there should be. */
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

  /** A worker is gone, or one more may start now. */
  adjust(): void {
    // The others' spare workers are counted once a second: each count may start twice as many.
    if (this.#settings.pm === "static") this.recount();
    else if (this.#pool.waiting > 0) this.startForWaiting();
  }

  /** Compares how many there are with how many there should be, once a second. */
  recount(): void {
    this.#apply(this.#count.decide(this.#workers.current));
  }

  /** Connections wait that no worker takes. */
  startForWaiting(): void {
    const { current } = this.#workers;
    const starting = current.filter(({ state }) => state === "starting").length;
    this.#apply(this.#count.decideWaiting(this.#pool.waiting, current.length, starting));
  }

  /** No connection waits any more. */
  relieved(): void {
    this.#isAtLimit = false;
  }

  /** What was put off is not done any more. */
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
