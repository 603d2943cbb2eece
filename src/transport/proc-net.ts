import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";

/** The kernel's tables of sockets (proc_net(5)): columns count from 0. */
const TCP = { inode: 9, state: 3, listening: "0A" };
const tables = [
  { path: "/proc/net/unix", inode: 6, state: 3, listening: "00010000" },
  { path: "/proc/net/tcp", ...TCP },
  { path: "/proc/net/tcp6", ...TCP },
];

/** Bytes to read of a table: listening sockets come first, and a busy machine's table is long. */
const READ_LENGTH = 65_536;

/**
 * The number of connections that wait to be accepted on a TCP port. 0 for unix sockets, for which
 * Linux does not report it, and on systems without these tables.
 */
export function waitingConnections(port: number | undefined): number {
  if (port === undefined) return 0;
  return waitingIn("/proc/net/tcp", port) + waitingIn("/proc/net/tcp6", port);
}

function waitingIn(path: string, port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  let waiting = 0;
  for (const line of readStart(path).split("\n").slice(1)) {
    const [, local = "", , state, queues = ""] = columnsOf(line);
    if (state !== TCP.listening || !local.endsWith(`:${hex}`)) continue;
    waiting += Number.parseInt(queues.split(":")[1] ?? "0", 16) || 0;
  }
  return waiting;
}

function readStart(path: string): string {
  try {
    const descriptor = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(READ_LENGTH);
      return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, READ_LENGTH, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

/**
 * Whether a descriptor is a socket that listens. Standard input may be a socket that does not. On
 * systems without these tables, every socket counts as one that listens.
 */
export function isListening(descriptor: number): boolean {
  const stat = fstatSync(descriptor);
  if (!stat.isSocket()) return false;
  for (const { path, inode, state, listening } of tables) {
    let table: string;
    try {
      table = readFileSync(path, "latin1");
    } catch {
      return true;
    }
    for (const line of table.split("\n")) {
      const columns = columnsOf(line);
      if (columns[inode] === `${stat.ino}`) return columns[state] === listening;
    }
  }
  return false;
}

function columnsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}
