import {
  busyWorkers,
  isEveryPlaceBusy,
  isEveryWorkerBusy,
  type PoolCapacity,
} from "../../phpfpm/busy-workers.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import { counted } from "../../terminal/units.js";

export interface Saturation {
  /** Whether new requests have to wait. */
  isSaturated: boolean;
  /** Why requests wait, or have waited since the start. Empty when neither is so. */
  reasons: string[];
}

/** A status, and whether the worker that wrote it is one of the pool's, where that is known. */
export type KnownStatus = PoolStatus & Pick<PoolCapacity, "ownRequests">;

/** Whether a pool has room for more requests, by its page and by what else is known. */
export function saturation(pool: KnownStatus, limits: PoolCapacity = pool): Saturation {
  const { listenQueue: waiting = 0 } = pool;
  const reached = pool.maxChildrenReached ?? 0;
  const reasons: string[] = [];
  const isSaturated = waiting > 0 || isEveryPlaceBusy(pool, limits);
  const isStatic = pool.processManager === "static";
  // Otherwise one of two busy workers may only be serving this page.
  if (isSaturated && isEveryWorkerBusy(pool)) {
    const active = busyWorkers(pool);
    const processes = isStatic ? "process" : "started process";
    const total = Math.max(active, pool.totalProcesses ?? 0);
    reasons.push(`every ${processes} is busy (${active} of ${total})`);
  }
  if (waiting > 0) {
    const wait = waiting === 1 ? "waits" : "wait";
    reasons.push(`${counted(waiting, "connection", "connections")} ${wait} for a process`);
  }
  if (reached > 0) {
    const times = counted(reached, "time", "times");
    reasons.push(`pm.max_children was reached ${times} since the start`);
  }
  return { isSaturated, reasons };
}
