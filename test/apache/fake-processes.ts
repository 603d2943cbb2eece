import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  ProcessInfo,
  ProcessNamespaces,
  ProcessTable,
} from "../../src/apache/processes/process-table.js";

export interface FakeProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly name?: string;
  readonly state?: string;
  readonly executable?: string;
  /** Separated by NUL, as in /proc. */
  readonly commandLine?: string;
  readonly threads?: number;
  readonly cpuTicks?: number;
  readonly startTicks?: number;
  readonly pages?: number;
  readonly userId?: number;
  readonly innerPid?: number;
  /** In kilobytes. */
  readonly pss?: number;
}

/** A folder like /proc with these processes. */
export function makeProc(processes: readonly FakeProcess[]): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "fcgi-probe-proc-"));
  writeFileSync(join(root, "uptime"), "1 1\n");
  for (const process of processes) {
    const { pid, parentPid, name = "apache2", state = "S", threads = 1 } = process;
    const folder = join(root, String(pid));
    mkdirSync(folder);
    const columns = [
      ...[state, parentPid, pid, pid, 0, -1, 4194560, 10, 0, 0, 0],
      ...[process.cpuTicks ?? 0, 0, 0, 0, 20, 0, threads, 0, process.startTicks ?? pid],
      ...[12_345_678, process.pages ?? 1000, 18446744073709551615n, 1, 1, 0],
    ];
    writeFileSync(join(folder, "stat"), `${pid} (${name}) ${columns.join(" ")}\n`);
    writeFileSync(join(folder, "cmdline"), process.commandLine ?? `/usr/sbin/${name}\0-k\0start\0`);
    writeFileSync(
      join(folder, "status"),
      `Name:\t${name}\nNSpid:\t${pid}${process.innerPid === undefined ? "" : `\t${process.innerPid}`}\nUid:\t${process.userId ?? 0}\t0\t0\t0\n`,
    );
    if (process.pss !== undefined) {
      writeFileSync(
        join(folder, "smaps_rollup"),
        `00400000-7fff r-xp\nRss: 9999 kB\nPss:     ${process.pss} kB\n`,
      );
    }
    if (process.executable !== "") {
      symlinkSync(process.executable ?? "/usr/sbin/apache2", join(folder, "exe"));
    }
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** A process of httpd, as a process table returns it. */
export function processOf(pid: number, more: Partial<ProcessInfo> = {}): ProcessInfo {
  return {
    pid,
    parentPid: 100,
    name: "apache2",
    state: "S",
    executable: "/usr/sbin/apache2",
    title: "/usr/sbin/apache2",
    threads: 1,
    cpuTicks: 0,
    startTicks: pid,
    rss: 4_000_000,
    ...more,
  };
}

export const MACHINE: ProcessNamespaces = {
  pid: "pid:[1]",
  net: "net:[1]",
  mount: "mnt:[1]",
  root: "1:2",
};

/** A table of processes that a test can change. */
export class FakeTable implements ProcessTable {
  readonly processes = new Map<number, ProcessInfo>();
  readonly innerPids = new Map<number, number>();
  /** The namespaces of processes that differ from the common ones. */
  readonly otherNamespaces = new Map<number, ProcessNamespaces | undefined>();
  /** The sockets of processes. Default: the first process has the one that listens. */
  readonly openSockets = new Map<number, ReadonlySet<string> | undefined>();
  /** The inodes of the sockets that listen, at any address. */
  listening: readonly string[] = ["1"];

  constructor(processes: readonly ProcessInfo[]) {
    for (const process of processes) this.processes.set(process.pid, process);
    const [first] = processes;
    if (first !== undefined) this.openSockets.set(first.pid, new Set(["1"]));
  }

  list(): ProcessInfo[] {
    return [...this.processes.values()];
  }

  read(pid: number): ProcessInfo | undefined {
    return this.processes.get(pid);
  }

  details(pid: number): { innerPid: number; userId: number | undefined } | undefined {
    if (!this.processes.has(pid)) return undefined;
    return { innerPid: this.innerPids.get(pid) ?? pid, userId: 0 };
  }

  proportionalMemory(): undefined {
    return undefined;
  }

  parents(): Map<number, number> {
    return new Map(this.list().map(({ pid, parentPid }) => [pid, parentPid]));
  }

  sockets(pid: number): ReadonlySet<string> | undefined {
    return this.openSockets.has(pid) ? this.openSockets.get(pid) : new Set();
  }

  namespaces(pid: number | "self"): ProcessNamespaces | undefined {
    const isOther = pid !== "self" && this.otherNamespaces.has(pid);
    return isOther ? this.otherNamespaces.get(pid) : MACHINE;
  }

  listeners(): readonly string[] {
    return this.listening;
  }
}
