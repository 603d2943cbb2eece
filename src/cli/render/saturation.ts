import type { PoolStatus } from "../../phpfpm/pool-status.js";
import { counted } from "./units.js";

export interface Saturation {
  /** Requests wait, or will. */
  isSaturated: boolean;
  /** In plain words, what keeps the pool from serving, now or before. Empty when it has room. */
  reasons: string[];
}

/**
 * Whether a pool has room for more. A lone process that is busy is only answering us, and a pool
 * `ondemand` has no idle processes as long as it may start more.
 */
export function saturation(pool: PoolStatus): Saturation {
  const { idleProcesses: idle, activeProcesses: active = 0, listenQueue: waiting = 0 } = pool;
  const reached = pool.maxChildrenReached ?? 0;
  const mayGrow = pool.processManager === "ondemand" && reached === 0;
  const reasons: string[] = [];
  if (idle === 0 && active > 1 && !mayGrow) {
    reasons.push(`every process is busy (${active} of ${pool.totalProcesses ?? active})`);
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
