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

/** The processes whose parent is `pid`. Linux only. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        // The second field is the program's name in parentheses, and may hold anything.
        const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(parent) === pid;
      } catch {
        return false; // gone in the meantime
      }
    })
    .map(Number);
}
