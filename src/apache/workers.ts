import type { ServerProcess } from "./process-columns.js";
import type { ProcessInfo, ProcessTable } from "./process-table.js";
import { type ApacheServer, innerPid, wsgiGroup } from "./processes.js";
import { type Activity, activityOf, type WorkerRow } from "./worker-row.js";

/**
 * What a worker is: `native` serves requests by itself, `wsgi` is a daemon of mod_wsgi, `foreign`
 * another child of httpd that its status page does not account for.
 */
export type WorkerKind = "native" | "wsgi" | "foreign";

/** A slot of the status page that has a process, or a child of httpd that the page does not list. */
export interface Worker {
  readonly kind: WorkerKind;
  /** As the status page has it. */
  readonly pid: number | undefined;
  /** What the page tells; `undefined` where it does not list this worker. */
  readonly row: WorkerRow | undefined;
  /** The child of httpd with this pid; `undefined` where it is not one, or cannot be seen. */
  readonly process: ProcessInfo | undefined;
  readonly activity: Activity;
  /** The process group of mod_wsgi, where its title tells it. */
  readonly group: string | undefined;
}

/** What is joined. The page and the processes should be read in one go. */
export interface WorkerSources {
  readonly rows: readonly WorkerRow[];
  /** The processes of event. */
  readonly processes?: readonly ServerProcess[] | undefined;
  /** The letters of the page's scoreboard. */
  readonly scoreboard?: string | undefined;
  /** The httpd whose page it is; `undefined` where it runs elsewhere. */
  readonly server?: ApacheServer | undefined;
  readonly table?: ProcessTable | undefined;
}

/**
 * Joins what the status page, its scoreboard and the process table know. httpd leaves slots that
 * never had a request out of its table: a child that is not listed is such an idle native worker,
 * as long as the scoreboard has idle slots that no row stands for.
 *
 * @returns workers in the order of the page, those that it does not list behind, by their pids
 */
export function joinWorkers(sources: WorkerSources): Worker[] {
  const { rows, server, table, processes = [] } = sources;
  const children = new Map<number, ProcessInfo>();
  for (const child of server?.children ?? []) {
    children.set(table === undefined ? child.pid : innerPid(table, child.pid), child);
  }
  const workers = rows.filter(({ mode }) => mode !== ".").map((row) => listed(row, children));
  const named = new Set(rows.map(({ pid }) => pid));
  const unlisted = [...children].filter(([pid]) => !named.has(pid));
  const natives = unusedNatives(
    unlisted,
    workers,
    sources,
    new Set(processes.map(({ pid }) => pid)),
  );
  for (const [pid, child] of unlisted) workers.push(notListed(pid, child, natives.has(pid)));
  return workers;
}

function listed(row: WorkerRow, children: ReadonlyMap<number, ProcessInfo>): Worker {
  const process = row.pid === undefined ? undefined : children.get(row.pid);
  const { pid } = row;
  return { kind: "native", pid, row, process, activity: activityOf(row), group: undefined };
}

function notListed(pid: number, process: ProcessInfo, isNative: boolean): Worker {
  const group = wsgiGroup(process);
  const row = undefined;
  if (group !== undefined) return { kind: "wsgi", pid, row, process, activity: "active", group };
  return isNative
    ? { kind: "native", pid, row, process, activity: "idle", group }
    : { kind: "foreign", pid, row, process, activity: "active", group };
}

/** The main thread and the listener of a process of worker and event serve no requests. */
const OTHER_THREADS = 2;

const slotsOf = ({ threads }: ProcessInfo): number => Math.max(1, threads - OTHER_THREADS);

/**
 * Which of the children that are not listed are native: those that the table of processes has, or
 * without one as many as there are idle slots for, beyond those of the processes that are listed.
 * Like them they have many threads or one, and have used the least CPU time.
 */
function unusedNatives(
  unlisted: readonly (readonly [pid: number, process: ProcessInfo])[],
  listed: readonly Worker[],
  { rows, scoreboard = "" }: WorkerSources,
  listedProcesses: ReadonlySet<number>,
): Set<number> {
  const natives = new Set(unlisted.map(([pid]) => pid).filter((pid) => listedProcesses.has(pid)));
  if (listedProcesses.size > 0) return natives;
  const used = new Map<ProcessInfo, number>();
  for (const { process } of listed) {
    if (process !== undefined) used.set(process, (used.get(process) ?? 0) + 1);
  }
  let slots = scoreboard.split("_").length - 1 - rows.filter(({ mode }) => mode === "_").length;
  for (const [process, count] of used) slots -= Math.max(0, slotsOf(process) - count);
  const isThreaded = [...used.keys()].some(({ threads }) => threads > OTHER_THREADS);
  const unlike = ({ threads }: ProcessInfo) => Number(threads > OTHER_THREADS !== isThreaded);
  const candidates = unlisted
    .filter(([, process]) => wsgiGroup(process) === undefined)
    .sort(
      ([, one], [, other]) =>
        unlike(one) - unlike(other) || one.cpuTicks - other.cpuTicks || one.pid - other.pid,
    );
  for (const [pid, process] of candidates) {
    if (slots <= 0) break;
    natives.add(pid);
    slots -= slotsOf(process);
  }
  return natives;
}

/** Tells of which worker a message speaks. */
export function describeWorker({ kind, pid, activity, group }: Worker): string {
  const name = pid ?? "without a pid";
  switch (kind) {
    case "native":
      return `native worker ${name} (${activity})`;
    case "wsgi":
      return `WSGI worker ${name} (${group})`;
    case "foreign":
      return `non-native worker ${name}`;
  }
}
