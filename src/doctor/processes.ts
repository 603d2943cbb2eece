import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type ProcessInfo, ProcFileSystem } from "../apache/processes/process-table.js";
import type { PhpFpmMaster } from "../discovery/php-fpm/masters.js";

/** The master of a pool and the workers of this pool. */
export interface PoolProcesses {
  readonly master: ProcessInfo;
  readonly workers: readonly ProcessInfo[];
}

/** The most files of a process that are looked at. */
const MAX_FILES = 1_024;
/** Milliseconds for which the list of all processes is read once, at the least and at the most. */
const LEAST_AGE = 200;
const MOST_AGE = 1_000;
/** The share of the time that may go into reading it. */
const LIST_SHARE = 1 / 5;
/** Ticks of the kernel's clock in a second (USER_HZ), which Linux never changes. */
export const TICKS = 100;

/** The processes of this machine, for what the doctor asks. */
export class DoctorProcesses {
  readonly #table = new ProcFileSystem();
  #all: ProcessLists | undefined;
  /** When the machine was started, in Unix milliseconds. */
  readonly #boot = Date.now() - uptime() * 1_000;

  /**
   * The processes of a pool: of the one master among those given that has a listening socket of the
   * pool or a child which has it. Its workers are its children with the title of the pool.
   *
   * @param name the pool's name. Default: that of the children that have the socket
   */
  ofPool(
    masters: readonly PhpFpmMaster[],
    listeners: readonly string[],
    name: string | undefined,
  ): PoolProcesses | undefined {
    const all = this.#lists();
    for (const { pid } of masters) {
      const master = all.byPid.get(pid);
      if (master === undefined) continue;
      const sockets = all.sockets(pid);
      // Where the files of the master are hidden, its configuration must tell.
      const isOwner =
        sockets === undefined ? name !== undefined : listeners.some((inode) => sockets.has(inode));
      if (!isOwner) continue;
      const children = all.byParent.get(pid) ?? [];
      const workers = children.filter((child) => this.#isWorker(child, name, listeners));
      return { master, workers };
    }
    return undefined;
  }

  /**
   * The workers that have a pool's listening socket though their master has ended: their parent can
   * be seen, and is not php-fpm.
   *
   * @param name the pool's name, by which workers are known whose files this user may not see
   */
  withoutMaster(listeners: readonly string[], name: string | undefined): readonly ProcessInfo[] {
    if (listeners.length === 0) return [];
    return this.#lists().list.filter((process) => {
      if (!this.#isWorker(process, name, listeners)) return false;
      const sockets = this.#table.sockets(process.pid);
      if (sockets !== undefined && !listeners.some((inode) => sockets.has(inode))) return false;
      const parent = this.#table.read(process.parentPid);
      return parent !== undefined && !/php.*fpm/.test(parent.title ?? "");
    });
  }

  /** All processes, as they were a moment ago: many pools ask at once. */
  #lists(): ProcessLists {
    const now = performance.now();
    if (this.#all === undefined || now > this.#all.validUntil) {
      const list = this.#table.list();
      const cost = performance.now() - now;
      this.#all = {
        list,
        byPid: new Map(list.map((process) => [process.pid, process])),
        byParent: byParent(list),
        sockets: once((pid) => this.#table.sockets(pid)),
        validUntil: now + cost + Math.min(MOST_AGE, Math.max(LEAST_AGE, cost / LIST_SHARE)),
      };
    }
    return this.#all;
  }

  read(pid: number): ProcessInfo | undefined {
    return this.#table.read(pid);
  }

  /** When a process was started, in Unix milliseconds. */
  startOf({ startTicks }: ProcessInfo): number {
    return this.#boot + (startTicks / TICKS) * 1_000;
  }

  #isWorker(child: ProcessInfo, name: string | undefined, listeners: readonly string[]): boolean {
    const title = /^php-fpm: pool (.*?)\s*$/s.exec(child.title ?? "")?.[1];
    if (title === undefined) return false;
    if (name !== undefined) return title === name;
    const sockets = this.#table.sockets(child.pid);
    return listeners.some((inode) => sockets?.has(inode) === true);
  }
}

/** All processes at one moment. */
interface ProcessLists {
  readonly list: readonly ProcessInfo[];
  readonly byPid: ReadonlyMap<number, ProcessInfo>;
  readonly byParent: ReadonlyMap<number, readonly ProcessInfo[]>;
  /** The inodes of the sockets of a process; `undefined` where this user may not see them. */
  readonly sockets: (pid: number) => ReadonlySet<string> | undefined;
  /** In milliseconds of the monotonic clock. */
  readonly validUntil: number;
}

function byParent(list: readonly ProcessInfo[]): ReadonlyMap<number, readonly ProcessInfo[]> {
  const children = new Map<number, ProcessInfo[]>();
  for (const process of list) {
    const siblings = children.get(process.parentPid);
    if (siblings === undefined) children.set(process.parentPid, [process]);
    else siblings.push(process);
  }
  return children;
}

/** A function that is called once for each key. */
function once<Value>(read: (key: number) => Value): (key: number) => Value {
  const known = new Map<number, { readonly value: Value }>();
  return (key) => {
    let found = known.get(key);
    if (found === undefined) {
      found = { value: read(key) };
      known.set(key, found);
    }
    return found.value;
  };
}

/** A file of a process in /proc, as text; `undefined` where it has ended or is another user's. */
export function processText(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined;
  }
}

/** What the descriptors of a process lead to; `undefined` where this user may not see it. */
export function openFiles(pid: number): ReadonlyMap<number, string> | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    const links = new Map<number, string>();
    for (const name of readdirSync(folder).slice(0, MAX_FILES)) {
      try {
        links.set(Number(name), readlinkSync(join(folder, name)));
      } catch {
        // It has been closed.
      }
    }
    return links;
  } catch {
    return undefined;
  }
}

function uptime(): number {
  try {
    return Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  } catch {
    return 0; // Not Linux: there are no processes to date.
  }
}
