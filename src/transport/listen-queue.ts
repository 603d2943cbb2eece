import { closeSync, openSync, readSync } from "node:fs";

/** Listening sockets stand first in the kernel's tables; a busy machine's are long. */
const READ_LENGTH = 65_536;
const LISTENING = "0A";

/**
 * Connections that wait to be accepted on a TCP port, by Linux' tables; 0 where there are none, and
 * for unix sockets, of which Linux does not tell.
 */
export function waitingConnections(port: number | undefined): number {
  if (port === undefined) return 0;
  return waitingIn("/proc/net/tcp", port) + waitingIn("/proc/net/tcp6", port);
}

function waitingIn(path: string, port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  let waiting = 0;
  for (const line of readStart(path).split("\n").slice(1)) {
    const [, local = "", , state, queues = ""] = line.trim().split(/\s+/);
    if (state !== LISTENING || !local.endsWith(`:${hex}`)) continue;
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
