import { setTimeout as sleep } from "node:timers/promises";
import { isOwnAddress } from "../../transport/own-address.js";
import type { StatusConnection } from "../fetch/status-connection.js";
import type { StatusSource } from "../fetch/status-source.js";
import type { WorkerPage } from "../page/html-page.js";
import type { WorkerRow } from "../page/worker-row.js";
import { type AnsweringServer, answeringServer } from "../processes/answering-server.js";
import {
  type ApacheServer,
  chooseServer,
  findServers,
  innerPid,
} from "../processes/apache-servers.js";
import type { ProcessTable } from "../processes/process-table.js";
import { type ApacheWorker, joinWorkers } from "./workers.js";

export interface LocalWorkersOptions {
  /** The pid of httpd's master. Default: the process that owns the socket that answered. */
  readonly masterPid?: number | undefined;
  /** Ends the pause between two readings of a page. */
  readonly signal?: AbortSignal | undefined;
}

/** The workers of a page, joined with the processes of the httpd that answered. */
export type LocalWorkers = AnsweringServer & {
  readonly page: WorkerPage;
  readonly workers: readonly ApacheWorker[];
};

/** How many times a page is read if it names an unknown process. */
const READINGS = 4;
/** Milliseconds between two readings. */
const PAUSE = 250;

/**
 * Reads the page of workers, then the processes, and joins them. A page that names a process which
 * is not a child of its httpd is read again, up to 4 times, because a process may end while the page
 * is sent. If it still does, the page counts as that of another machine.
 *
 * @throws GatewayError where there is no page
 */
export async function readLocalWorkers(
  source: StatusSource,
  table: ProcessTable,
  { masterPid, signal }: LocalWorkersOptions = {},
): Promise<LocalWorkers> {
  for (let reading = 1; ; reading++) {
    const seen = [table.parents()];
    const page = await source.workers({ onAnswer: () => seen.push(table.parents()) });
    seen.push(table.parents());
    const named = namedBy(page);
    const candidate = candidateFor(page, named, table, masterPid);
    const strangers = strangersTo(candidate.server, page, seen, table);
    const mayHaveEnded = strangers.length > 0 && strangers.length < named.size;
    if (!mayHaveEnded || reading === READINGS) {
      const answering =
        named.size === 0 ? unnamed(candidate) : checked(candidate, strangers, masterPid);
      const ownRow = ownRowOf(page, source.htmlUrl);
      const workers = joinWorkers({ ...page, server: answering.server, table, ownRow });
      return { ...answering, page, workers };
    }
    await sleep(PAUSE, undefined, { signal }).catch(() => {});
    source.refresh();
  }
}

/** The pids of a page. */
function namedBy({ rows, processes }: WorkerPage): ReadonlySet<number> {
  const alive = rows.filter(({ mode }) => mode !== ".");
  return new Set([...alive, ...processes].flatMap(({ pid }) => pid ?? []));
}

/** The row of our own request for the page; `undefined` if several rows may be. */
function ownRowOf({ rows, connection }: WorkerPage, url: string): WorkerRow | undefined {
  const [row, other] = rows.filter((each) => isOwnRequest(each, connection, url));
  return other === undefined ? row : undefined;
}

/** The httpd whose page it may be. Pids alone are enough to show it, and not to kill. */
function candidateFor(
  { connection }: WorkerPage,
  workerPids: ReadonlySet<number>,
  table: ProcessTable,
  masterPid: number | undefined,
): AnsweringServer {
  const servers = findServers(table);
  if (masterPid !== undefined) {
    const server = chooseServer(servers, table, { masterPid });
    if (server !== undefined) return { server, doubt: undefined };
    const hint = "give the pid of httpd's master, which is in its PidFile";
    return { server, doubt: { reason: `there is no process ${masterPid}`, hint } };
  }
  const answering = answeringServer(connection, table);
  const { server, doubt } = answering;
  const isHere = connection !== undefined && isOwnAddress(connection.remoteAddress);
  if (doubt === undefined || server !== undefined || !isHere || workerPids.size === 0) {
    return answering;
  }
  return { server: chooseServer(servers, table, { workerPids }), doubt };
}

/** The pids of a page that were not children of a server at any of the readings. */
function strangersTo(
  server: ApacheServer | undefined,
  page: WorkerPage,
  seen: readonly ReadonlyMap<number, number>[],
  table: ProcessTable,
): readonly number[] {
  if (server === undefined) return [];
  const pids = namedBy(page);
  const children = seen.flatMap((parents) =>
    [...parents].flatMap(([pid, parent]) => (parent === server.master.pid ? [pid] : [])),
  );
  const known = new Set(children.map((pid) => innerPid(table, pid)));
  const strangers = [...pids].filter((pid) => !known.has(pid));
  const isFew = strangers.length < pids.size - strangers.length;
  return isFew ? strangers.filter((pid) => !isRemnant(pid, known, page)) : strangers;
}

/**
 * Whether another child has taken the slots of a process. httpd shows the threads of a killed
 * process until their slots are used again, which on an idle server takes minutes.
 */
function isRemnant(
  pid: number,
  known: ReadonlySet<number>,
  { rows, processes }: WorkerPage,
): boolean {
  const slots = rows.filter((row) => row.pid === pid).map(({ childNumber }) => childNumber);
  const isTaken = (slot: number | undefined) =>
    slot !== undefined &&
    (rows.some((row) => row.childNumber === slot && known.has(row.pid ?? 0)) ||
      processes.some((process) => process.slot === slot && known.has(process.pid)));
  return slots.length > 0 && slots.every(isTaken);
}

function unnamed({ server }: AnsweringServer): AnsweringServer {
  const hint = "it is unknown whose page this is: read the page of the httpd itself";
  return { server, doubt: { reason: "the page names no process", hint } };
}

function checked(
  candidate: AnsweringServer,
  strangers: readonly number[],
  masterPid: number | undefined,
): AnsweringServer {
  const { server } = candidate;
  if (server === undefined || strangers.length === 0) return candidate;
  const pids = strangers.slice(0, 3).join(", ") + (strangers.length > 3 ? " …" : "");
  const { pid } = server.master;
  const what = masterPid === undefined ? `httpd (process ${pid})` : `process ${pid}`;
  const reason = `the page names processes that are not children of ${what}: ${pids}`;
  const hint =
    masterPid === undefined
      ? "it may be another machine's, behind a proxy or a tunnel: give the URL of httpd itself"
      : "give the pid of this httpd's master, which is in its PidFile";
  return { server: undefined, doubt: { reason, hint } };
}

/** The bytes that httpd keeps of a request line: its beginning, or its end (`SeeRequestTail`). */
const KEPT = 63;

/**
 * Whether a row is that of our request for the page. Its worker is idle again when we have the page.
 *
 * @param url the URL of the page
 */
export function isOwnRequest(
  { mode, client, request }: WorkerRow,
  connection: StatusConnection | undefined,
  url: string,
): boolean {
  if (mode !== "W" || request === undefined || connection === undefined) return false;
  if (client !== connection.localAddress.replace(/^::ffff:/, "")) return false;
  const { pathname, search } = new URL(url);
  const line = `GET ${pathname}${search} HTTP/1.1`;
  return request === line.slice(0, KEPT) || request === line.slice(-KEPT);
}
