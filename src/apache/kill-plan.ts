import type { ProcessInfo } from "./process-table.js";
import { formatSize, formatTimespan } from "./quantities.js";
import type { Activity } from "./worker-row.js";
import { describeWorker, type Worker } from "./workers.js";

/** What a worker may use. Bytes and seconds; 0 and `undefined` set no limit. */
export interface WorkerLimits {
  readonly maxMemoryActive?: number | undefined;
  readonly maxMemoryIdle?: number | undefined;
  readonly maxTime?: number | undefined;
}

/** A process that is over a limit. */
export interface PlannedKill {
  readonly process: ProcessInfo;
  readonly worker: Worker;
  /** The process is active when one of its threads is, and idle when all of them are. */
  readonly activity: "active" | "idle";
  /** Bytes that it must still use to be killed; `undefined` where its time is the reason. */
  readonly memoryLimit: number | undefined;
  /** As apache-manager words it: `Killing native worker 25 (idle) using 4.1 MB (…) ..` */
  readonly message: string;
}

export interface KillPlan {
  readonly kills: readonly PlannedKill[];
  /** Workers that were looked at: those of a process behind its first reason are not. */
  readonly checked: number;
  /** Pids that are over the time limit on the page, but are no children of this httpd. */
  readonly strangers: readonly number[];
}

/**
 * Which processes to kill, in the order of their pids: memory first, then time. Only those that
 * were joined with a child of httpd: a pid that a page names is not enough.
 */
export function planKills(workers: readonly Worker[], limits: WorkerLimits): KillPlan {
  const activities = processActivities(workers);
  const kills = new Map<number, PlannedKill>();
  const strangers = new Set<number>();
  let checked = 0;
  for (const worker of [...workers].sort((one, other) => (one.pid ?? 0) - (other.pid ?? 0))) {
    const { process, pid } = worker;
    if (process !== undefined && kills.has(process.pid)) continue;
    checked++;
    if (process === undefined) {
      if (pid !== undefined && isOverTime(worker, limits)) strangers.add(pid);
      continue;
    }
    const kill = plannedKill(worker, process, activities.get(process.pid) ?? "unknown", limits);
    if (kill !== undefined) kills.set(process.pid, kill);
  }
  return { kills: [...kills.values()], checked, strangers: [...strangers] };
}

/** What each process does, all of its threads taken together. */
function processActivities(workers: readonly Worker[]): Map<number, Activity> {
  const activities = new Map<number, Activity>();
  for (const { process, activity } of workers) {
    if (process === undefined) continue;
    const before = activities.get(process.pid);
    if (before === undefined || activity === "active" || before === "idle") {
      activities.set(process.pid, before === "active" ? before : activity);
    }
  }
  return activities;
}

function plannedKill(
  worker: Worker,
  process: ProcessInfo,
  activity: Activity,
  limits: WorkerLimits,
): PlannedKill | undefined {
  if (activity === "unknown") return undefined;
  const memoryLimit = activity === "active" ? limits.maxMemoryActive : limits.maxMemoryIdle;
  const { row } = worker;
  if (memoryLimit && process.rss > memoryLimit) {
    const request = row?.request ?? "last request unknown";
    const message = `Killing ${describeWorker(worker)} using ${formatSize(process.rss)} (${request}) ..`;
    return { process, worker, activity, memoryLimit, message };
  }
  if (!isOverTime(worker, limits)) return undefined;
  const time = formatTimespan(row?.secondsSinceRequest ?? 0);
  const message =
    `Killing ${describeWorker(worker)} hanging for ${time} since last request ` +
    `(${row?.request ?? "unknown"}) ..`;
  return { process, worker, activity, memoryLimit: undefined, message };
}

/** A worker that keeps a connection alive (`K`) waits for its client: it does not hang. */
function isOverTime({ activity, row }: Worker, { maxTime }: WorkerLimits): boolean {
  if (!maxTime || activity !== "active" || row === undefined || row.mode === "K") return false;
  return row.secondsSinceRequest !== undefined && row.secondsSinceRequest > maxTime;
}
