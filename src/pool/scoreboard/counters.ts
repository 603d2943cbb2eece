import type { PoolCounters, ProcessCounters } from "../../status-page/write-page.js";
import { preciseNow, SlotState, stateNames } from "./layout.js";
import type { PoolScoreboard, SlotNumbers } from "./scoreboard.js";

/**
 * The counters of a pool's status page, read from its scoreboard by the master or any worker.
 *
 * @param full whether to read the processes, too
 */
export function countersOf(board: PoolScoreboard, full: boolean): PoolCounters {
  const pool = board.readHeader();
  const now = preciseNow();
  const slots = board.readSlots(0, pool?.slots ?? 0);
  const active = slots.filter(({ state }) => state !== SlotState.Idle).length;
  const sum = (of: (slot: SlotNumbers) => number): number =>
    slots.reduce((total, slot) => total + of(slot), 0);
  const seen = Math.max(pool?.maxActive ?? 0, active, ...slots.map((slot) => slot.maxActive));
  return {
    pool: pool?.pool ?? "",
    processManager: pool?.processManager ?? "",
    startTime: pool?.startTime ?? now,
    now,
    acceptedConn: (pool?.pastRequests ?? 0) + sum(({ requests }) => requests),
    listenQueue: pool?.listenQueue ?? 0,
    maxListenQueue: pool?.maxListenQueue ?? 0,
    listenQueueLen: pool?.listenQueueLen ?? 0,
    idleProcesses: slots.length - active,
    activeProcesses: active,
    maxActiveProcesses: seen,
    maxChildrenReached: pool?.maxChildrenReached ?? 0,
    slowRequests: (pool?.pastSlow ?? 0) + sum(({ slow }) => slow),
    processes: full ? slots.map((slot) => processOf(board, slot, now)) : [],
  };
}

function processOf(board: PoolScoreboard, slot: SlotNumbers, now: number): ProcessCounters {
  const isIdle = slot.state === SlotState.Idle;
  return {
    ...board.readTexts(slot.slot, slot.requests),
    pid: slot.pid,
    state: stateNames[slot.state]!,
    startTime: slot.startTime,
    requests: slot.requests,
    requestDuration: Math.max(0, Math.round(isIdle ? slot.duration : (now - slot.began) * 1_000)),
    lastRequestCpu: isIdle ? slot.cpu : 0,
    lastRequestMemory: isIdle ? slot.memory : 0,
  };
}
