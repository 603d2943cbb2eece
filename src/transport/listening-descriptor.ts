import { fstatSync, readFileSync } from "node:fs";

/** Columns of the kernel's tables, counted from 0, and what they say of a socket that listens. */
const tables = [
  { path: "/proc/net/unix", inode: 6, state: 3, listening: "00010000" },
  { path: "/proc/net/tcp", inode: 9, state: 3, listening: "0A" },
  { path: "/proc/net/tcp6", inode: 9, state: 3, listening: "0A" },
];

/**
 * Whether a descriptor is a socket that listens, by Linux' tables: standard input may be a socket
 * without being one to accept on. Where there are no tables, every socket counts.
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
      const columns = line.trim().split(/\s+/);
      if (columns[inode] === `${stat.ino}`) return columns[state] === listening;
    }
  }
  return false;
}
