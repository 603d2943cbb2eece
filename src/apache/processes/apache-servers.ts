import { readFileSync } from "node:fs";
import { type ProcessInfo, type ProcessTable, programName } from "./process-table.js";

/** An httpd: its master, and the children of the master that run the same program. */
export interface ApacheServer {
  readonly master: ProcessInfo;
  /** Workers, daemons of mod_wsgi, and the daemon of mod_cgid, in the order of their pids. */
  readonly children: readonly ProcessInfo[];
}

/** The names of httpd's program: `apache2`, `httpd`, `httpd.worker`, `apache2-prefork`… */
const program = /^(?:apache2?|httpd2?)(?:[.-](?:bin|prefork|worker|event|itk))?$/;

/**
 * Finds the httpds of this system. A master is an httpd whose parent does not run the same program:
 * init, a supervisor, or none in a container.
 */
export function findServers(table: ProcessTable): ApacheServer[] {
  const processes = table.list().filter((process) => program.test(programName(process)));
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const servers = new Map<number, ApacheServer & { children: ProcessInfo[] }>();
  for (const process of processes) {
    if (!isSameProgram(process, byPid.get(process.parentPid))) {
      servers.set(process.pid, { master: process, children: [] });
    }
  }
  for (const process of processes) {
    if (servers.has(process.pid)) continue;
    servers.get(process.parentPid)?.children.push(process);
  }
  return [...servers.values()];
}

/** Whether two processes run the same program, as far as this user can see. */
export function isSameProgram(one: ProcessInfo, other: ProcessInfo | undefined): boolean {
  if (other === undefined) return false;
  if (one.executable !== undefined && other.executable !== undefined) {
    return one.executable === other.executable;
  }
  return programName(one) === programName(other) || one.name === other.name;
}

export interface ServerChoice {
  /** The pid of its master. */
  readonly masterPid?: number | undefined;
  /** Pids that its status page names. */
  readonly workerPids?: ReadonlySet<number> | undefined;
}

/**
 * Chooses a server: the one with the given master, whatever its program is called; else the one that
 * has most of the given workers, and at least one. If no worker is given, it is root's first server
 * with children, or the first with children. Equal pids prove nothing: before you kill, use
 * {@link answeringServer}.
 */
export function chooseServer(
  servers: readonly ApacheServer[],
  table: ProcessTable,
  { masterPid, workerPids }: ServerChoice = {},
): ApacheServer | undefined {
  if (masterPid !== undefined) return serverOf(masterPid, servers, table);
  if (workerPids !== undefined && workerPids.size > 0) return withMost(servers, table, workerPids);
  const alive = servers.filter(({ children }) => children.length > 0);
  const roots = alive.find(({ master }) => table.details(master.pid)?.userId === 0);
  return roots ?? alive[0];
}

function serverOf(
  masterPid: number,
  servers: readonly ApacheServer[],
  table: ProcessTable,
): ApacheServer | undefined {
  const known = servers.find(({ master }) => master.pid === masterPid);
  const master = table.read(masterPid);
  if (known !== undefined || master === undefined) return known;
  const children = table
    .list()
    .filter((process) => process.parentPid === masterPid && isSameProgram(process, master));
  return { master, children };
}

/** Leaves out servers in containers, where the same pid is another process. */
function withMost(
  servers: readonly ApacheServer[],
  table: ProcessTable,
  pids: ReadonlySet<number>,
): ApacheServer | undefined {
  let most = 0;
  let chosen: ApacheServer | undefined;
  for (const server of servers) {
    const { master, children } = server;
    if (innerPid(table, master.pid) !== master.pid) continue;
    const count = children.filter(({ pid }) => pids.has(innerPid(table, pid))).length;
    if (count > most) {
      most = count;
      chosen = server;
    }
  }
  return chosen;
}

/** The pid that httpd itself shows. In a container it differs from the pid seen outside. */
export function innerPid(table: ProcessTable, pid: number): number {
  return table.details(pid)?.innerPid ?? pid;
}

/** The pid in a PidFile; `undefined` if there is none. */
export function readPidFile(path: string): number | undefined {
  try {
    const match = /^\s*(\d{1,10})\s*$/.exec(readFileSync(path, "latin1"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}

/**
 * The process group of a mod_wsgi daemon, from its title: `(wsgi:name)`. The title may be cut to the
 * length of the original one. Without `display-name=%{GROUP}` it does not name the group.
 */
export function wsgiGroup({ title }: ProcessInfo): string | undefined {
  return /^\(wsgi:([^)]+)/.exec(title ?? "")?.[1]?.trimEnd();
}
