import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { endianness } from "node:os";
import { basename, join } from "node:path";
import { listenersAt } from "../../transport/tcp-table.js";

/** A process, as it was when it was read. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  /** The kernel's name for it: at most 15 bytes. */
  readonly name: string;
  /** Its state, a letter: `R`, `S`, `D`… */
  readonly state: string;
  /** The path of its program; `undefined` if this user may not see it. */
  readonly executable: string | undefined;
  /** Its first argument, which a process can rewrite; `undefined` if it has none. */
  readonly title: string | undefined;
  /** The number of its threads. */
  readonly threads: number;
  /** Ticks of CPU time that it has used. */
  readonly cpuTicks: number;
  /** Ticks from boot to its start. With the pid it identifies a process: a pid can be reused. */
  readonly startTicks: number;
  /** Bytes of memory in use, shared pages counted in full. */
  readonly rss: number;
}

/** Details of a process, which take another file to read. */
export interface ProcessDetails {
  /** The pid that the process itself sees, in its innermost pid namespace. */
  readonly innerPid: number;
  /** The id of its real user. */
  readonly userId: number | undefined;
}

/** The namespaces of a process. Two processes share those with the same text. */
export interface ProcessNamespaces {
  readonly pid: string;
  readonly net: string;
  readonly mount: string;
  /** The root directory. It can be the machine's in another mount namespace. */
  readonly root: string;
}

/** Where processes are read: {@link ProcFileSystem}, or a fake one in tests. */
export interface ProcessTable {
  /** Every process, in the order of their pids. */
  list(): ProcessInfo[];
  /** Reads a process; `undefined` where there is none, and for a zombie. */
  read(pid: number): ProcessInfo | undefined;
  /** Reads the inner pid and the user; `undefined` where there is no such process. */
  details(pid: number): ProcessDetails | undefined;
  /** The command line, title first; `undefined` where this user may not see it. */
  commandLine?(pid: number): readonly string[] | undefined;
  /**
   * Bytes of memory in use, shared pages divided among the processes that share them; `undefined`
   * if the kernel does not offer it or this user may not see it.
   */
  proportionalMemory(pid: number): number | undefined;
  /** The parent of every process by its pid, zombies included. */
  parents(): ReadonlyMap<number, number>;
  /** The inodes of the sockets that a process has open; `undefined` if this user may not see them. */
  sockets(pid: number): ReadonlySet<string> | undefined;
  /** The namespaces of a process or of this one; `undefined` if this user may not see them. */
  namespaces(pid: number | "self"): ProcessNamespaces | undefined;
  /** The inodes of the sockets that accept connections to an address of this machine. */
  listeners(address: string, port: number): readonly string[];
}

/** Columns of `/proc/PID/stat` after the name: proc(5) counts them from 3. */
const Stat = {
  State: 0,
  ParentPid: 1,
  UserTicks: 11,
  SystemTicks: 12,
  Threads: 17,
  StartTicks: 19,
  ResidentPages: 21,
} as const;

/** The processes of a Linux system, read from /proc. */
export class ProcFileSystem implements ProcessTable {
  readonly #root: string;
  readonly #pageSize: number;

  /**
   * @param root where procfs is mounted
   * @param pageSize bytes in a page of memory; default: this system's
   */
  constructor(root = "/proc", pageSize: number = systemPageSize()) {
    this.#root = root;
    this.#pageSize = pageSize;
  }

  list(): ProcessInfo[] {
    return this.#names()
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((one, other) => one - other)
      .flatMap((pid) => this.read(pid) ?? []);
  }

  read(pid: number): ProcessInfo | undefined {
    const stat = this.#text(pid, "stat");
    if (stat === undefined) return undefined;
    // The name is in parentheses, and may contain parentheses and blanks.
    const open = stat.indexOf("(");
    const close = stat.lastIndexOf(")");
    const columns = stat.slice(close + 2).split(" ");
    const number = (column: number) => Number(columns[column]);
    const state = columns[Stat.State] ?? "";
    if (open < 0 || close < open || !(number(Stat.ResidentPages) >= 0) || /[ZXx]/.test(state)) {
      return undefined;
    }
    return {
      pid,
      parentPid: number(Stat.ParentPid),
      name: stat.slice(open + 1, close),
      state,
      executable: this.#executable(pid),
      title: this.#title(pid),
      threads: number(Stat.Threads),
      cpuTicks: number(Stat.UserTicks) + number(Stat.SystemTicks),
      startTicks: number(Stat.StartTicks),
      rss: number(Stat.ResidentPages) * this.#pageSize,
    };
  }

  details(pid: number): ProcessDetails | undefined {
    const status = this.#text(pid, "status");
    if (status === undefined) return undefined;
    const innerPid = /^NSpid:.*?(\d+)$/m.exec(status)?.[1];
    const userId = /^Uid:\s*(\d+)/m.exec(status)?.[1];
    return {
      innerPid: innerPid === undefined ? pid : Number(innerPid),
      userId: userId === undefined ? undefined : Number(userId),
    };
  }

  commandLine(pid: number): readonly string[] | undefined {
    return this.#text(pid, "cmdline", "utf8")?.replace(/\0$/, "").split("\0");
  }

  proportionalMemory(pid: number): number | undefined {
    const kilobytes = /^Pss:\s*(\d+) kB$/m.exec(this.#text(pid, "smaps_rollup") ?? "")?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }

  parents(): ReadonlyMap<number, number> {
    const parents = new Map<number, number>();
    for (const name of this.#names()) {
      const stat = /^\d+$/.test(name) ? this.#text(Number(name), "stat") : undefined;
      const parent = /.*\) \S (\d+) /s.exec(stat ?? "")?.[1];
      if (parent !== undefined) parents.set(Number(name), Number(parent));
    }
    return parents;
  }

  sockets(pid: number): ReadonlySet<string> | undefined {
    const folder = join(this.#root, String(pid), "fd");
    let descriptors: string[];
    try {
      descriptors = readdirSync(folder);
    } catch {
      return undefined;
    }
    return new Set(
      descriptors.flatMap((name) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, name)))?.[1] ?? [];
        } catch {
          return []; // It has been closed.
        }
      }),
    );
  }

  namespaces(pid: number | "self"): ProcessNamespaces | undefined {
    const folder = join(this.#root, String(pid));
    try {
      const { dev, ino } = statSync(join(folder, "root"), { bigint: true });
      return {
        pid: readlinkSync(join(folder, "ns/pid")),
        net: readlinkSync(join(folder, "ns/net")),
        mount: readlinkSync(join(folder, "ns/mnt")),
        root: `${dev}:${ino}`,
      };
    } catch {
      return undefined;
    }
  }

  listeners(address: string, port: number): readonly string[] {
    const read = (name: string) => {
      try {
        return readFileSync(join(this.#root, "net", name), "latin1");
      } catch {
        return ""; // Not Linux, or without IPv6.
      }
    };
    return listenersAt({ tcp: read("tcp"), tcp6: read("tcp6") }, address, port);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#root);
    } catch {
      return []; // Not Linux.
    }
  }

  #text(pid: number, file: string, encoding: "latin1" | "utf8" = "latin1"): string | undefined {
    try {
      return readFileSync(join(this.#root, String(pid), file), encoding);
    } catch {
      return undefined; // It has ended, or is another user's.
    }
  }

  #executable(pid: number): string | undefined {
    try {
      const path = readlinkSync(join(this.#root, String(pid), "exe"));
      return path.replace(/ \(deleted\)$/, ""); // Replaced by an upgrade.
    } catch {
      return undefined;
    }
  }

  #title(pid: number): string | undefined {
    const title = this.#text(pid, "cmdline", "utf8")?.split("\0", 1)[0];
    return title === "" ? undefined : title;
  }
}

/** Whether two readings are of the same process. */
export function isSameProcess(one: ProcessInfo, other: ProcessInfo | undefined): boolean {
  return other !== undefined && one.pid === other.pid && one.startTicks === other.startTicks;
}

/** The name of the program's file, or the kernel's name if the file cannot be seen. */
export function programName({ executable, name }: ProcessInfo): string {
  return executable === undefined ? name : basename(executable);
}

const AT_PAGESZ = 6n;

/** Bytes in a page of memory. */
function systemPageSize(): number {
  try {
    const auxiliary = readFileSync("/proc/self/auxv");
    const isLittle = endianness() === "LE";
    const word = (at: number) =>
      isLittle ? auxiliary.readBigUInt64LE(at) : auxiliary.readBigUInt64BE(at);
    for (let at = 0; at + 16 <= auxiliary.length; at += 16) {
      if (word(at) === AT_PAGESZ) return Number(word(at + 8));
    }
  } catch {
    // Not Linux, or not 64 bits wide.
  }
  return 4096;
}
