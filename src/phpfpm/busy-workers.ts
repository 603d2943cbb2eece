import { type PoolStatus, ProcessState, processState } from "../status-page/pool-status.js";

/** What is known beside the page about how many workers a pool may have. */
export interface PoolCapacity {
  /** `pm.max_children`. */
  readonly maxChildren?: number | undefined;
  /** The requests for the page itself that the workers serve: 1, or 0 by `pm.status_listen`. Default: 1. */
  readonly ownRequests?: number | undefined;
  /** Whether `max children reached` has grown since the page before. */
  readonly isLimitReached?: boolean | undefined;
}

/** Whether every worker that runs has a request, by the page alone. The pool may start more. */
export function isEveryWorkerBusy(pool: PoolStatus): boolean {
  const { idle, active } = workers(pool);
  return idle === 0 && active > 1;
}

/**
 * Whether no worker is left for a request of others, and none will be started: all that the pool may
 * have are busy. A pool that has served the page itself had a worker free for it, so that its counts
 * alone never say so. Without `pm.max_children`, only a static pool is known to start no more.
 */
export function isEveryPlaceBusy(pool: PoolStatus, limits: PoolCapacity = {}): boolean {
  const { maxChildren, ownRequests = 1, isLimitReached = false } = limits;
  if (!isEveryWorkerBusy(pool)) return false;
  if (isLimitReached) return true;
  if (ownRequests > 0) return false;
  if (maxChildren === undefined) return pool.processManager === "static";
  return workers(pool).active >= maxChildren;
}

/** The number of workers with a request. */
export function busyWorkers(pool: PoolStatus): number {
  return workers(pool).active;
}

/**
 * Counts idle and active processes. A list of processes is preferred: php-fpm's counters lag behind
 * it, and drift. Without a list, a total that differs from the sum of idle and active processes
 * means that the idle counter fell below zero, so it is ignored.
 */
function workers(pool: PoolStatus): { idle: number | undefined; active: number } {
  const { processes, activeProcesses: active = 0, totalProcesses: total = active } = pool;
  if (processes === undefined) {
    const { idleProcesses: idle = 0 } = pool;
    return { idle: total === idle + active ? pool.idleProcesses : undefined, active };
  }
  const states = processes.map(({ state }) => processState(state));
  const idle = states.filter((state) => state === ProcessState.Idle).length;
  const creating = states.filter((state) => state === ProcessState.Creating).length;
  return { idle, active: active > 1 ? active : states.length - idle - creating };
}
