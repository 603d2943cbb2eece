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
/** Milliseconds for which the list of all processes is read once. */
const LIST_AGE = 200;
/** Ticks of the kernel's clock in a second (USER_HZ), which Linux never changes. */
export const TICKS = 100;

/** The processes of this machine, for what the doctor asks. */
export class DoctorProcesses {
  readonly #table = new ProcFileSystem();
  #all: { readonly list: readonly ProcessInfo[]; readonly at: number } | undefined;
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
    const all = this.#list();
    for (const { pid } of masters) {
      const master = this.#table.read(pid);
      const sockets = this.#table.sockets(pid);
      if (master === undefined) continue;
      // Where the files of the master are hidden, its configuration must tell.
      const isOwner =
        sockets === undefined ? name !== undefined : listeners.some((inode) => sockets.has(inode));
      if (!isOwner) continue;
      const children = all.filter(({ parentPid }) => parentPid === pid);
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
    return this.#list().filter((process) => {
      if (!this.#isWorker(process, name, listeners)) return false;
      const sockets = this.#table.sockets(process.pid);
      if (sockets !== undefined && !listeners.some((inode) => sockets.has(inode))) return false;
      const parent = this.#table.read(process.parentPid);
      return parent !== undefined && !/php.*fpm/.test(parent.title ?? "");
    });
  }

  /** All processes, at most 200 ms old: many pools ask at once. */
  #list(): readonly ProcessInfo[] {
    const now = performance.now();
    if (this.#all === undefined || now - this.#all.at > LIST_AGE) {
      this.#all = { list: this.#table.list(), at: now };
    }
    return this.#all.list;
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
