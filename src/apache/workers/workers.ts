import type { ApacheProcess } from "../page/server-process.js";
import { activityOf, type WorkerActivity, type WorkerRow } from "../page/worker-row.js";
import { type ApacheServer, innerPid, wsgiGroup } from "../processes/apache-servers.js";
import type { ProcessInfo, ProcessTable } from "../processes/process-table.js";

/**
 * What a worker is: `native` is named by the status page, `wsgi` is a daemon of mod_wsgi by its
 * title. `helper` is any other child of httpd: a worker that had no request yet, the process
 * manager of mod_fcgid, the daemon of mod_cgid… Which of them it is cannot be seen, so it is
 * neither active nor idle, and never killed.
 */
export type WorkerKind = "native" | "wsgi" | "helper";

/** A slot of the status page that has a process, or a child of httpd that has no slot there. */
export interface ApacheWorker {
  readonly kind: WorkerKind;
  /** The pid on the status page; `undefined` for a slot without one. */
  readonly pid: number | undefined;
  /** Its row of the page; `undefined` where the page does not list this worker. */
  readonly row: WorkerRow | undefined;
  /** The child of httpd with this pid; `undefined` if there is none, or it cannot be seen. */
  readonly process: ProcessInfo | undefined;
  readonly activity: WorkerActivity;
  /** Whether its process is sending responses without a busy thread, as event does. */
  readonly isSending: boolean;
  /** The process group of mod_wsgi, which its title shows; `undefined` where it does not. */
  readonly group: string | undefined;
}

/** What {@link joinWorkers} joins. Read the page and the processes right after one another. */
export interface WorkerSources {
  readonly rows: readonly WorkerRow[];
  /** The processes of the event MPM, as in the page. Default: none. */
  readonly processes?: readonly ApacheProcess[] | undefined;
  /** The row of our own request for the page. Its worker counts as idle. */
  readonly ownRow?: WorkerRow | undefined;
  /** The httpd whose page it is; `undefined` if it is unknown or runs elsewhere. */
  readonly server?: ApacheServer | undefined;
  readonly table?: ProcessTable | undefined;
}

/**
 * Joins the status page with the process table. httpd's table of workers lacks slots that have never
 * had a request. The event MPM names their processes in another table.
 *
 * @returns workers in the order of the page, then those that it does not name, by their pids
 */
export function joinWorkers(sources: WorkerSources): ApacheWorker[] {
  const { rows, ownRow, server, table, processes = [] } = sources;
  const children = new Map<number, ProcessInfo>();
  for (const child of server?.children ?? []) {
    children.set(table === undefined ? child.pid : innerPid(table, child.pid), child);
  }
  const counts = new Map(processes.map((process) => [process.pid, process]));
  const workers = rows
    .filter(({ mode }) => mode !== ".")
    .map((row): ApacheWorker => {
      const { pid } = row;
      const process = pid === undefined ? undefined : children.get(pid);
      const isSending = pid !== undefined && sends(counts.get(pid));
      const activity = row === ownRow ? "idle" : activityOf(row);
      return { kind: "native", pid, row, process, activity, isSending, group: undefined };
    });
  const named = new Set(rows.map(({ pid }) => pid));
  for (const [pid, child] of children) {
    if (!named.has(pid)) workers.push(notListed(pid, child, counts.get(pid)));
  }
  return workers;
}

/** Whether connections without a thread wait to be written, or for I/O. */
const sends = (counts: ApacheProcess | undefined): boolean =>
  (counts?.writing ?? 0) > 0 || (counts?.waitIo ?? 0) > 0;

/** A worker for a child without a row. */
function notListed(
  pid: number,
  process: ProcessInfo,
  counts: ApacheProcess | undefined,
): ApacheWorker {
  const group = wsgiGroup(process);
  const worker = { pid, row: undefined, process, isSending: sends(counts), group };
  if (group !== undefined) return { ...worker, kind: "wsgi", activity: "active" };
  if (counts === undefined) return { ...worker, kind: "helper", activity: "unknown" };
  return { ...worker, kind: "native", activity: counts.busyThreads === 0 ? "idle" : "unknown" };
}

/** Names a worker for a message: `native worker 25 (idle)`. */
export function describeWorker({ kind, pid, activity, group }: ApacheWorker): string {
  const name = pid ?? "without a pid";
  switch (kind) {
    case "native":
      return `native worker ${name} (${activity})`;
    case "wsgi":
      return `WSGI worker ${name} (${group})`;
    case "helper":
      return `helper or unused process ${name}`;
  }
}
