import { ErrorCode } from "../errors.js";
import { isEveryPlaceBusy } from "../phpfpm/busy-workers.js";
import { PoolProblem } from "../phpfpm/diagnosis.js";
import type { LiveTarget } from "./live-target.js";

/** How sick a target is, the sickest first. */
export const Sickness = {
  /** It cannot be read, for another reason than too many requests. */
  Unreachable: 0,
  /** Clients wait. */
  Queue: 1,
  /** Every worker that it may have is busy. */
  Saturated: 2,
  /** It does not answer at once, or some of its requests or clients are slow, or it lacked workers. */
  Slow: 3,
  /** It runs, but its status page, or the right to read it, is missing. */
  Misconfigured: 4,
  /** An httpd that is installed here, and of which no process runs. */
  NotRunning: 5,
  /** It was not read yet. */
  Unknown: 6,
  Fine: 7,
} as const;

export type Sickness = (typeof Sickness)[keyof typeof Sickness];

/** Milliseconds after which a target without an answer is slow. */
const SLOW_AFTER = 1_000;

/** @param now milliseconds of the monotonic clock */
export function sicknessOf(target: LiveTarget, now: number): Sickness {
  const { error, rates, readingSince } = target;
  const waiting = waitingClients(target);
  if (error !== undefined) {
    if (isStopped(target)) return Sickness.NotRunning;
    if (isBusyError(target)) return Sickness.Queue;
    if (!isMisconfigured(target)) return Sickness.Unreachable;
    return waiting > 0 ? Sickness.Queue : Sickness.Misconfigured;
  }
  if (waiting > 0) return Sickness.Queue;
  if (isSaturated(target)) return Sickness.Saturated;
  const isLate = readingSince !== undefined && now - readingSince >= SLOW_AFTER;
  if (isLate || target.silentWorkers > 0) return Sickness.Slow;
  if ((rates.slow ?? 0) > 0 || (rates.maxed ?? 0) > 0) return Sickness.Slow;
  return target.isKnown ? Sickness.Fine : Sickness.Unknown;
}

/** The clients that wait for a worker, by the kernel, or else by the page. */
export function waitingClients({ queue, pool }: LiveTarget): number {
  return queue?.waiting ?? pool?.status.listenQueue ?? 0;
}

/** What the state of a target is called, such as `waiting 3 s`. */
export function sicknessText(target: LiveTarget, sickness: Sickness, now: number): string {
  const { error, readingSince, queue } = target;
  if (error !== undefined) {
    if (sickness === Sickness.NotRunning) return "not running";
    if (isBusyError(target)) return "saturated";
    return isMisconfigured(target) ? "misconfigured" : "unreachable";
  }
  const waited = readingSince === undefined ? 0 : now - readingSince;
  if (waited >= SLOW_AFTER) return `waiting ${Math.floor(waited / 1_000)} s`;
  switch (sickness) {
    case Sickness.Queue: {
      const gone = queue === undefined || queue.abandoned === 0 ? "" : `, ${queue.abandoned} gone`;
      return `${target.hasSilentClients ? "silent clients" : "queue"}${gone}`;
    }
    case Sickness.Saturated:
      return "saturated";
    case Sickness.Slow:
      if (target.silentWorkers > 0) return "silent clients";
      return (target.rates.slow ?? 0) > 0 ? "slow requests" : "max children";
    case Sickness.Unknown:
      return "waiting";
    default:
      return "ok";
  }
}

/** Many machines have an httpd that nobody has started. A pool that is configured is meant to run. */
function isStopped({ place }: LiveTarget): boolean {
  return place.kind === "apache" && place.state === "not running";
}

function isBusyError({ error, diagnoses }: LiveTarget): boolean {
  if (error?.code === ErrorCode.BacklogFull) return true;
  return diagnoses.some(({ problem }) => problem === PoolProblem.Saturated);
}

function isMisconfigured({ diagnoses }: LiveTarget): boolean {
  return diagnoses.some(({ problem }) => problem === PoolProblem.Misconfigured);
}

function isSaturated({ diagnoses, pool, server, capacity }: LiveTarget): boolean {
  if (diagnoses.some(({ problem }) => problem === PoolProblem.AtLimit)) return true;
  if (pool !== undefined) return isEveryPlaceBusy(pool.status, capacity);
  const { busyWorkers = 0, idleWorkers, scoreboard } = server?.status ?? {};
  return busyWorkers > 1 && idleWorkers === 0 && scoreboard?.open === 0;
}
