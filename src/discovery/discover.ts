import { realpathSync } from "node:fs";
import { ProcFileSystem } from "../apache/processes/process-table.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import type { DiscoveredTarget, Discovery, DiscoveryProblem } from "./discovery.js";
import { resolveNames } from "./dns.js";
import { findHttpds } from "./httpds.js";
import { findPools } from "./php-fpm/find-pools.js";
import { findMasters, type PhpFpmMasters } from "./php-fpm/masters.js";
import { withOrphans } from "./php-fpm/orphans.js";
import { ownAccount } from "./php-fpm/permissions.js";
import { placeFolders } from "./php-fpm/places.js";
import type { ReadProblem } from "./php-fpm/read-configuration.js";
import { findSockets, usualSockets } from "./sockets.js";

/** What to look for. */
export interface DiscoveryOptions {
  /**
   * Whether to look for the pools of php-fpm: by the configurations of running masters and of
   * packages, and by the sockets in the usual folders. A list names the configurations to read, also
   * as patterns. Default: true.
   */
  readonly phpFpm?: boolean | readonly string[] | undefined;
  /** Whether to look for httpds. A list names the configurations to read. Default: true. */
  readonly apache?: boolean | readonly string[] | undefined;
  /** Patterns of more sockets: `/run/php/*.sock`. Default: none. */
  readonly sockets?: readonly string[] | undefined;
  /**
   * DNS names, each of whose addresses is a target: `pools.example:9000/status` by A and AAAA,
   * `_fcgi._tcp.example/status` by SRV. Default: none.
   */
  readonly names?: readonly string[] | undefined;
  /** Milliseconds that the resolution of all names may take. Default: 5,000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The running masters of php-fpm. Default: those of this machine. */
  readonly masters?: PhpFpmMasters | undefined;
}

/** A discovery, and what to watch for changes of it. */
export interface WatchedDiscovery extends Discovery {
  /** The folders in which a change can change the targets. */
  readonly folders: readonly string[];
}

/**
 * Finds the pools and httpds of this machine, and what DNS names lead to. It connects to none of
 * them, and runs nothing. What cannot be read is among the problems.
 */
export async function discover(options: DiscoveryOptions = {}): Promise<Discovery> {
  const { targets, problems } = await discoverWithFolders(options);
  return { targets, problems };
}

/** {@link discover}, with the folders to watch. */
export async function discoverWithFolders(options: DiscoveryOptions): Promise<WatchedDiscovery> {
  const { phpFpm = true, apache = true, sockets = [], names = [] } = options;
  const problems: DiscoveryProblem[] = [];
  const targets: DiscoveredTarget[] = [];
  const folders = new Set<string>();
  if (phpFpm !== false) {
    const queues = await new AcceptQueues().read();
    const masters = options.masters ?? findMasters();
    const found = findPools({
      files: phpFpm === true ? undefined : phpFpm,
      masters,
      account: ownAccount(),
      listens: (endpoint) => queues.queueOf(endpoint) !== undefined,
    });
    problems.push(...found.problems);
    const orphans = phpFpm === true ? masters.orphans : [];
    targets.push(...withOrphans(found.targets, orphans, problems));
    for (const folder of [...found.files.map(folderOf), ...found.folders]) folders.add(folder);
    if (phpFpm === true) for (const folder of placeFolders) folders.add(folder);
  }
  const patterns = [...sockets, ...(phpFpm === true ? usualSockets : [])];
  const unreadable: ReadProblem[] = [];
  targets.push(...findSockets(patterns, socketsOf(targets), unreadable));
  problems.push(...unreadable.map((problem) => ({ ...problem, hint: "run as a user who may" })));
  for (const pattern of patterns) folders.add(folderOf(pattern));
  if (apache !== false) {
    const found = findHttpds(apache === true ? undefined : apache, new ProcFileSystem());
    targets.push(...found.targets);
    problems.push(...found.problems);
    for (const { source } of found.targets) folders.add(folderOf(source));
  }
  if (names.length > 0) {
    const { timeout, signal } = options;
    const found = await resolveNames(names, { timeout, signal });
    targets.push(...found.targets);
    problems.push(...found.problems);
  }
  return { targets: distinct(targets), problems, folders: [...folders] };
}

/** The real paths of the sockets of pools, those of `pm.status_listen` included. */
function socketsOf(targets: readonly DiscoveredTarget[]): Set<string> {
  const addresses = targets.flatMap(({ address, configuration }) =>
    configuration === undefined ? address : [configuration.listen, configuration.statusListen],
  );
  return new Set(
    addresses.flatMap((address) => {
      const path = address?.startsWith("unix:") ? address.slice("unix:".length) : undefined;
      return path === undefined ? [] : [path, real(path)];
    }),
  );
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Each address once: two configurations, or two names, can lead to one. */
function distinct(targets: readonly DiscoveredTarget[]): DiscoveredTarget[] {
  const byAddress = new Map<string, DiscoveredTarget>();
  for (const target of targets) {
    if (!byAddress.has(target.address)) byAddress.set(target.address, target);
  }
  return [...byAddress.values()];
}

const folderOf = (path: string): string => path.replace(/\/[^/]*$/, "") || "/";
