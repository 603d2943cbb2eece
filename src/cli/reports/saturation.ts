import { type PoolStatus, ProcessState, processState } from "../../status-page/pool-status.js";
import { counted } from "../../terminal/units.js";

export interface Saturation {
  /** Whether new requests have to wait. */
  isSaturated: boolean;
  /** Why requests wait, or have waited since the start. Empty when neither is so. */
  reasons: string[];
}

/**
 * Whether a pool has room for more requests. A single busy process may only be serving this status
 * page, and an `ondemand` pool has no idle processes while it may start more.
 */
export function saturation(pool: PoolStatus): Saturation {
  const { listenQueue: waiting = 0 } = pool;
  const { idle, active } = workers(pool);
  const reached = pool.maxChildrenReached ?? 0;
  const mayGrow = pool.processManager === "ondemand" && reached === 0;
  const reasons: string[] = [];
  if (idle === 0 && active > 1 && !mayGrow) {
    reasons.push(
      `every process is busy (${active} of ${Math.max(active, pool.totalProcesses ?? 0)})`,
    );
  }
  if (waiting > 0) {
    const wait = waiting === 1 ? "waits" : "wait";
    reasons.push(`${counted(waiting, "connection", "connections")} ${wait} for a process`);
  }
  const isSaturated = reasons.length > 0;
  if (reached > 0) {
    const times = counted(reached, "time", "times");
    reasons.push(`pm.max_children was reached ${times} since the start`);
  }
  return { isSaturated, reasons };
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
