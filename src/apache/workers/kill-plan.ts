import { formatSize, formatTimespan } from "../manager/quantities.js";
import type { WorkerActivity } from "../page/worker-row.js";
import { isSameProcess, type ProcessInfo } from "../processes/process-table.js";
import { type ApacheWorker, describeWorker } from "./workers.js";

/** What a worker may use. */
export interface WorkerLimits {
  /** The most bytes of memory of an active process. Default: 0, no limit. */
  readonly maxMemoryActive?: number | undefined;
  /** The most bytes of memory of an idle process. Default: 0, no limit. */
  readonly maxMemoryIdle?: number | undefined;
  /** The most seconds that a worker may spend on a request. Default: 0, no limit. */
  readonly maxTime?: number | undefined;
}

/** A process that is over a limit. */
export interface PlannedKill {
  readonly process: ProcessInfo;
  /** `active` if a thread of the process is active, `idle` if all of them are idle. */
  readonly activity: "active" | "idle";
  /** It is killed only while it uses more bytes than this. `undefined` where time is the reason. */
  readonly memoryLimit: number | undefined;
  /** The message, in apache-manager's words: `Killing native worker 25 (idle) using 4.1 MB (…) ..` */
  readonly message: string;
}

export interface KillPlan {
  readonly kills: readonly PlannedKill[];
  /** The number of workers that were checked, up to the first reason in each process. */
  readonly checked: number;
}

/**
 * Decides which processes to kill, in the order of their pids: first by memory, then by time. Only
 * children of httpd that are known to be workers count.
 */
export function planKills(workers: readonly ApacheWorker[], limits: WorkerLimits): KillPlan {
  const processes = threadsByProcess(workers);
  const kills = new Map<number, PlannedKill>();
  let checked = 0;
  for (const worker of [...workers].sort((one, other) => (one.pid ?? 0) - (other.pid ?? 0))) {
    const { process, kind } = worker;
    if (kind === "helper" || (process !== undefined && kills.has(process.pid))) continue;
    checked++;
    if (process === undefined) continue;
    const threads = processes.get(process.pid) ?? [];
    const kill = killByMemory(process, threads, limits) ?? killByTime(worker, process, limits);
    if (kill !== undefined) kills.set(process.pid, kill);
  }
  return { kills: [...kills.values()], checked };
}

function threadsByProcess(
  workers: readonly ApacheWorker[],
): ReadonlyMap<number, readonly ApacheWorker[]> {
  const threads = new Map<number, ApacheWorker[]>();
  for (const worker of workers) {
    if (worker.process === undefined) continue;
    const known = threads.get(worker.process.pid);
    if (known === undefined) threads.set(worker.process.pid, [worker]);
    else known.push(worker);
  }
  return threads;
}

/** The kills of a plan that a later plan still contains, for the same kind of reason. */
export function confirmed(plan: KillPlan, later: KillPlan): PlannedKill[] {
  return later.kills.filter((kill) =>
    plan.kills.some(
      (planned) =>
        isSameProcess(planned.process, kill.process) && planned.activity === kill.activity,
    ),
  );
}

/** The activity of a process, from all of its threads. */
function activityOfAll(threads: readonly ApacheWorker[]): WorkerActivity {
  if (threads.some(({ activity, isSending }) => activity === "active" || isSending))
    return "active";
  return threads.every(({ activity }) => activity === "idle") ? "idle" : "unknown";
}

function killByMemory(
  process: ProcessInfo,
  threads: readonly ApacheWorker[],
  { maxMemoryActive, maxMemoryIdle }: WorkerLimits,
): PlannedKill | undefined {
  const activity = activityOfAll(threads);
  if (activity === "unknown") return undefined;
  const memoryLimit = activity === "active" ? maxMemoryActive : maxMemoryIdle;
  // The message names the request of a thread that is active, if the process is.
  const worker = threads.find((thread) => thread.activity === activity) ?? threads[0];
  if (!memoryLimit || process.rss <= memoryLimit || worker === undefined) return undefined;
  const request = worker.row?.request ?? "last request unknown";
  const message = `Killing ${named(worker, activity)} using ${formatSize(process.rss)} (${request}) ..`;
  return { process, activity, memoryLimit, message };
}

function killByTime(
  worker: ApacheWorker,
  process: ProcessInfo,
  limits: WorkerLimits,
): PlannedKill | undefined {
  const { row } = worker;
  if (!isOverTime(worker, limits)) return undefined;
  const time = formatTimespan(row?.secondsSinceRequest ?? 0);
  const message =
    `Killing ${named(worker, "active")} hanging for ${time} since last request ` +
    `(${row?.request ?? "unknown"}) ..`;
  return { process, activity: "active", memoryLimit: undefined, message };
}

/**
 * Names the process by this machine's pid, and by the activity that the kill is counted as, which
 * monitoring looks for. One thread of it may be doing something else.
 */
function named(worker: ApacheWorker, activity: "active" | "idle"): string {
  const name = describeWorker({ ...worker, pid: worker.process?.pid, activity });
  return worker.kind === "wsgi" ? `${name} (${activity})` : name;
}

/** A worker in state `K` waits for its client's next request, so it does not hang. */
function isOverTime({ activity, row }: ApacheWorker, { maxTime }: WorkerLimits): boolean {
  if (!maxTime || activity !== "active" || row === undefined || row.mode === "K") return false;
  return row.secondsSinceRequest !== undefined && row.secondsSinceRequest > maxTime;
}
