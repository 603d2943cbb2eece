import { setTimeout as sleep } from "node:timers/promises";
import { type AnsweringServer, answeringServer, type Doubt } from "./answering-server.js";
import type { FetchedWorkerPage } from "./fetch-status.js";
import { isOwnAddress } from "./own-addresses.js";
import { isOwnRequest } from "./own-request.js";
import type { ProcessTable } from "./process-table.js";
import { type ApacheServer, chooseServer, findServers, innerPid } from "./processes.js";
import type { StatusSource } from "./status-source.js";
import { joinWorkers, type Worker } from "./workers.js";

export interface LocalWorkersOptions {
  /** The pid of httpd's master. Default: the process that has the socket which has answered. */
  readonly masterPid?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The workers of an httpd, and how well it is known which httpd that is. */
export interface LocalWorkers {
  readonly page: FetchedWorkerPage;
  /** The httpd whose page it is; `undefined` where its processes are not known. */
  readonly server: ApacheServer | undefined;
  /** Why no process may be killed by what this page says; `undefined` where it is proven. */
  readonly doubt: Doubt | undefined;
  readonly workers: readonly Worker[];
}

/** The pids of a page, and the httpd they are thought to belong to. */
interface Claim {
  readonly server: ApacheServer | undefined;
  readonly doubt: Doubt | undefined;
  /** Pids of the page that are no children of the server. */
  readonly strangers: readonly number[];
  readonly named: number;
}

const READINGS = 4;
const PAUSE = 250;

/**
 * Reads the page of workers, then the processes, in one go, and joins them. A page that names a
 * process which is no child of its httpd is read again, because a process may end while the page
 * is made; where it still does, it is taken for the page of another machine.
 *
 * @throws GatewayError where there is no page
 */
export async function readLocalWorkers(
  source: StatusSource,
  table: ProcessTable,
  { masterPid, signal }: LocalWorkersOptions = {},
): Promise<LocalWorkers> {
  for (let reading = 1; ; reading++) {
    const before = table.parents();
    const page = await source.workers();
    const claim = claimOf(page, before, table, masterPid);
    const { strangers, named } = claim;
    const mayHaveEnded = strangers.length > 0 && strangers.length < named;
    if (!mayHaveEnded || reading === READINGS) {
      const { server, doubt } = settled(claim);
      const ownRow = page.rows.filter((row) => isOwnRequest(row, page.connection, source.htmlUrl));
      const workers = joinWorkers({ ...page, server, table, ownRow: onlyOne(ownRow) });
      return { page, server, doubt, workers };
    }
    await sleep(PAUSE, undefined, { signal }).catch(() => {});
    source.refresh();
  }
}

/** Of several nothing is known. */
const onlyOne = <Value>(values: readonly Value[]): Value | undefined =>
  values.length === 1 ? values[0] : undefined;

function claimOf(
  page: FetchedWorkerPage,
  before: ReadonlyMap<number, number>,
  table: ProcessTable,
  masterPid: number | undefined,
): Claim {
  const rows = [...page.rows.filter(({ mode }) => mode !== "."), ...page.processes];
  const named = new Set(rows.flatMap(({ pid }) => pid ?? []));
  const { server, doubt } = suspectOf(page, named, table, masterPid);
  if (server === undefined) return { server, doubt, strangers: [], named: named.size };
  const children = [before, table.parents()].flatMap((parents) =>
    [...parents].flatMap(([pid, parent]) => (parent === server.master.pid ? [pid] : [])),
  );
  const known = new Set(children.map((pid) => innerPid(table, pid)));
  const strangers = [...named].filter((pid) => !known.has(pid));
  return { server, doubt, strangers, named: named.size };
}

/** The httpd that may be meant. By pids alone it is good enough to be shown, not to be killed. */
function suspectOf(
  { connection }: FetchedWorkerPage,
  workerPids: ReadonlySet<number>,
  table: ProcessTable,
  masterPid: number | undefined,
): AnsweringServer {
  const servers = findServers(table);
  if (masterPid !== undefined) {
    const server = chooseServer(servers, table, { masterPid });
    const hint = "give the pid of httpd's master, which is in its PidFile";
    const doubt = { reason: `there is no process ${masterPid}`, hint };
    return { server, doubt: server === undefined ? doubt : undefined };
  }
  const { server, doubt } = answeringServer(connection, table);
  const isHere = connection !== undefined && isOwnAddress(connection.remoteAddress);
  if (server !== undefined || !isHere || workerPids.size === 0) return { server, doubt };
  return { server: chooseServer(servers, table, { workerPids }), doubt };
}

function settled({ server, doubt, strangers, named }: Claim): AnsweringServer {
  if (server !== undefined && strangers.length > 0) {
    const pids = strangers.slice(0, 3).join(", ") + (strangers.length > 3 ? " …" : "");
    const { pid } = server.master;
    const reason = `the page names processes that are no children of httpd (process ${pid}): ${pids}`;
    const hint =
      "it may be another machine's, behind a proxy or a tunnel: ask httpd at its own address";
    return { server: undefined, doubt: { reason, hint } };
  }
  if (named > 0) return { server, doubt };
  const hint = "nothing tells then whose page it is";
  return { server, doubt: { reason: "the page names no process", hint } };
}
