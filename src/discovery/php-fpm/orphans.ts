import { readFileSync } from "node:fs";
import { ProcFileSystem } from "../../apache/processes/process-table.js";
import { addressText, TcpState, tcpRows } from "../../transport/tcp-table.js";
import type { DiscoveredTarget, DiscoveryProblem } from "../discovery.js";
import { LocalPools } from "../local-pools.js";
import { connectAddress } from "./connect-address.js";
import type { PhpFpmWorker } from "./masters.js";

/** Workers in a message: a pool may have thousands. */
const MOST_NAMED = 10;
/** The columns of a listening socket in /proc/net/unix: the inode and the path. */
const UNIX_LISTENER = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.+)$/;

/**
 * The targets with the pools whose workers serve on though their master has ended, as after kill -9:
 * no running configuration leads to them. A pool that a configuration explains gets the state.
 */
export function withOrphans(
  targets: readonly DiscoveredTarget[],
  workers: readonly PhpFpmWorker[],
  problems: DiscoveryProblem[],
): DiscoveredTarget[] {
  const all = [...targets];
  if (workers.length === 0) return all;
  for (const { pool: name, address, pids } of poolsOf(workers)) {
    const state = stateOf(pids);
    const source = `php-fpm pool ${name}`;
    if (address === undefined) {
      const hint = `run as root to see where it listens; ${state.hint}`;
      problems.push({ source, message: state.problem, hint });
      continue;
    }
    const index = all.findIndex(
      ({ configuration }) => configuration && new LocalPools([configuration]).at(address),
    );
    const known = all[index];
    if (known !== undefined) all[index] = { ...known, ...state };
    else all.push({ ...orphanTarget(name, address, source), ...state });
  }
  return all;
}

interface OrphanPool extends Pick<PhpFpmWorker, "pool"> {
  /** Where it listens; `undefined` where this user may not see the sockets of its workers. */
  readonly address: string | undefined;
  readonly pids: number[];
}

/** The pools of workers. Two pools may have one name, and listen at different addresses. */
function poolsOf(workers: readonly PhpFpmWorker[]): OrphanPool[] {
  const listeners = readListeners();
  const table = new ProcFileSystem();
  const pools = new Map<string, OrphanPool>();
  for (const { pid, pool } of workers) {
    const sockets = [...(table.sockets(pid) ?? [])];
    const [address] = sockets.flatMap((inode) => listeners.get(inode) ?? []);
    const key = `${pool} ${address}`;
    const found = pools.get(key);
    if (found === undefined) pools.set(key, { pool, address, pids: [pid] });
    else found.pids.push(pid);
  }
  return [...pools.values()];
}

function stateOf(pids: readonly number[]) {
  const serve = pids.length === 1 ? "1 worker serves" : `${pids.length} workers serve`;
  const named = pids.slice(0, MOST_NAMED).join(" ");
  return {
    state: "no master",
    problem: `php-fpm's master has ended, and ${serve} on without it`,
    hint: `end the workers that are left (kill ${named}), and start php-fpm again`,
  } as const;
}

function orphanTarget(name: string, address: string, source: string) {
  return {
    kind: "phpfpm",
    address,
    pingAddress: undefined,
    labels: { pool: name },
    source,
    configuration: undefined,
    host: undefined,
  } as const;
}

/** The addresses of the sockets that listen in this network namespace, by their inodes. */
function readListeners(): ReadonlyMap<string, string> {
  const listeners = new Map<string, string>();
  for (const line of textOf("/proc/net/unix").split("\n")) {
    const [, inode, path] = UNIX_LISTENER.exec(line) ?? [];
    if (inode !== undefined) listeners.set(inode, `unix:${path}`);
  }
  for (const row of ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => tcpRows(textOf(file)))) {
    if (row.state !== TcpState.Listen) continue;
    listeners.set(row.inode, connectAddress(`${addressText(row.address)}:${row.port}`));
  }
  return listeners;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not Linux, or without IPv6.
  }
}
