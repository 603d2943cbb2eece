import { busyWorkers, isEveryWorkerBusy } from "../../phpfpm/busy-workers.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import { counted } from "../../terminal/units.js";

export interface Saturation {
  /** Whether new requests have to wait. */
  isSaturated: boolean;
  /** Why requests wait, or have waited since the start. Empty when neither is so. */
  reasons: string[];
}

/** Whether a pool has room for more requests, by its page. */
export function saturation(pool: PoolStatus): Saturation {
  const { listenQueue: waiting = 0 } = pool;
  const reached = pool.maxChildrenReached ?? 0;
  const reasons: string[] = [];
  if (isEveryWorkerBusy(pool)) {
    const active = busyWorkers(pool);
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
