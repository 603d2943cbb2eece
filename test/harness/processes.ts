import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the open files of this process point at, such as `socket:[123]`. Linux only. */
function openLinks(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the descriptor that listed the folder
    }
  });
}

/** How many files, sockets and pipes this process has open. Linux only. */
export function countOpenFiles(): number {
  return openLinks().length;
}

/** How many sockets this process has open, those of the test runner included. Linux only. */
export function countOpenSockets(): number {
  return openLinks().filter((link) => link.startsWith("socket:")).length;
}

/** Whether a process exists, a zombie included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a process exists, and has not ended: a zombie has. Linux only. */
export function isRunning(pid: number): boolean {
  const [state] = statOf(pid);
  return state !== undefined && state !== "Z";
}

/** The processes whose parent is `pid`. Linux only. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => Number(statOf(child)[1]) === pid);
}

/** The fields of a process's state from the third on: state, parent. None when it is gone. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** A process's arguments, joined by blanks; empty when it is gone. Linux only. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
