import { type PoolStatus, ProcessState, processState } from "../status-page/pool-status.js";

/**
 * Whether no worker of a pool is free, by its page alone. A single busy worker may only be serving
 * this page, and an `ondemand` pool has no idle workers while it may start more.
 */
export function isEveryWorkerBusy(pool: PoolStatus): boolean {
  const { idle, active } = workers(pool);
  const mayGrow = pool.processManager === "ondemand" && (pool.maxChildrenReached ?? 0) === 0;
  return idle === 0 && active > 1 && !mayGrow;
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
