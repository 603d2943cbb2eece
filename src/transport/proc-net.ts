import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { TcpState, tcpRows } from "./tcp-table.js";

/** The kernel's tables of sockets (proc_net(5)): columns count from 0. */
const TCP = { inode: 9, state: 3, listening: TcpState.Listen };
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
  return tcpRows(readStart(path))
    .filter((row) => row.state === TcpState.Listen && row.port === port)
    .reduce((waiting, { receiveQueue }) => waiting + (receiveQueue || 0), 0);
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
