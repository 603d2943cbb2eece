import { busyWorkers } from "../phpfpm/busy-workers.js";
import type { LiveTarget } from "./live-target.js";
import { type Sickness, sicknessOf, waitingClients } from "./sickness.js";

/** What a list of targets is sorted by. */
export const targetSortKeys = ["sick", "name", "requests", "active", "queue", "slow"] as const;
export type TargetSortKey = (typeof targetSortKeys)[number];

/** A target in a list, and how sick it is at this moment. */
export interface Listed {
  readonly target: LiveTarget;
  readonly sickness: Sickness;
}

/** The numbers of a pool and of an httpd that a list shows. `undefined` is unknown. */
export interface TargetNumbers {
  readonly active: number | undefined;
  /** The workers that there are; of an httpd, its slots. */
  readonly total: number | undefined;
  readonly waiting: number | undefined;
  /** Seconds since the start. */
  readonly uptime: number | undefined;
}

export function numbersOf(target: LiveTarget): TargetNumbers {
  const { pool, server, place } = target;
  if (place.kind === "apache") {
    const { busyWorkers: active, scoreboard, uptime } = server?.status ?? {};
    return { active, total: scoreboard?.slots, waiting: undefined, uptime };
  }
  return {
    active: pool && busyWorkers(pool.status),
    total: pool?.status.totalProcesses,
    waiting: isQueueKnown(target) ? waitingClients(target) : undefined,
    uptime: pool?.status.startSince,
  };
}

/** The page says 0 for every unix socket, and 0 for the length of its queue, too. */
function isQueueKnown({ queue, pool }: LiveTarget): boolean {
  return queue !== undefined || Boolean(pool?.status.listenQueueLen || pool?.status.listenQueue);
}

/**
 * The targets whose name, address or error contains the filter's text, in any case, sorted. The
 * largest value comes first, and among equal ones the sickest.
 */
export function listTargets(
  targets: readonly LiveTarget[],
  { filter, sort, now }: { filter: string; sort: TargetSortKey; now: number },
): Listed[] {
  const wanted = filter.toLowerCase();
  return targets
    .filter((target) => wanted === "" || searchText(target).includes(wanted))
    .map((target) => {
      const sickness = sicknessOf(target, now);
      return { target, sickness, value: sortValues[sort](target), share: share(target) };
    })
    .sort(
      (one, other) =>
        other.value - one.value ||
        (sort === "name" ? 0 : one.sickness - other.sickness || other.share - one.share) ||
        compareText(one.target.name, other.target.name) ||
        compareText(one.target.place.address, other.target.place.address),
    );
}

/** The number of targets of each sickness. */
export function countBySickness(
  targets: readonly LiveTarget[],
  now: number,
): ReadonlyMap<Sickness, number> {
  const counts = new Map<Sickness, number>();
  for (const target of targets) {
    const sickness = sicknessOf(target, now);
    counts.set(sickness, (counts.get(sickness) ?? 0) + 1);
  }
  return counts;
}

const sortValues: Readonly<Record<TargetSortKey, (target: LiveTarget) => number>> = {
  sick: () => 0,
  name: () => 0,
  requests: ({ rates }) => rates.requests ?? -1,
  active: (target) => numbersOf(target).active ?? -1,
  queue: waitingClients,
  slow: ({ rates }) => rates.slow ?? -1,
};

/** How sick targets of one sickness are: more clients that wait, then more busy workers. */
function share(target: LiveTarget): number {
  const { active = 0, total = 0, waiting = 0 } = numbersOf(target);
  return waiting + (total === 0 ? 0 : active / (total + 1));
}

function searchText({ name, shown, error }: LiveTarget): string {
  return `${name} ${shown} ${error?.code ?? ""} ${error?.message ?? ""}`.toLowerCase();
}

/** By code units: what `localeCompare` adds would cost most of the time of a frame. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
