import { closeSync, openSync, readSync } from "node:fs";
import type { SocketEndpoint } from "../address.js";
import { realPath } from "../discovery/php-fpm/masters.js";
import { WaitKind, type WorkerWait } from "./evidence.js";
import { openFiles, processText } from "./processes.js";
import type { OpenSocket, SocketTable } from "./sockets.js";
import { type CurrentCall, parseCall } from "./system-calls.js";

/** What a worker does at one moment. */
export interface WorkerMoment {
  /** The inode of its client's connection. `undefined` if it has none. */
  readonly client: string | undefined;
  /** The address of its client, with TCP. */
  readonly clientAddress: string | undefined;
  readonly wait: WorkerWait | undefined;
}

/** The sockets of a pool: its address, and the inodes of those that listen. */
export interface PoolSockets {
  readonly endpoint: SocketEndpoint;
  readonly listeners: readonly string[];
}

/** A process to look at, and its state: a letter. */
interface WorkerProcess {
  readonly pid: number;
  readonly state: string;
}

/** How often a worker is looked at that opens or closes a connection meanwhile. */
const MAX_ROUNDS = 3;

/**
 * Looks at workers. Those whose files this user may not see, and those that have ended, are left out.
 */
export async function lookAtWorkers(
  workers: readonly WorkerProcess[],
  pool: PoolSockets,
  readTable: () => Promise<SocketTable>,
): Promise<ReadonlyMap<number, WorkerMoment>> {
  const moments = new Map<number, WorkerMoment>();
  let rest = workers;
  for (let round = 1; rest.length > 0 && round <= MAX_ROUNDS; round++) {
    const seen = rest.flatMap(({ pid, state }) => {
      const files = openFiles(pid);
      const call = parseCall(processText(pid, "syscall") ?? "");
      return files === undefined ? [] : [{ pid, state, files, call }];
    });
    // The kernel's tables come last, so that they have every connection that the files show.
    const table = await readTable();
    const open: WorkerProcess[] = [];
    for (const { pid, state, files, call } of seen) {
      const inodes = [...files.values()].map(inodeOf).filter((inode) => inode !== "");
      const client = inodes.find((inode) => isClient(inode, pool, table));
      if (client === undefined && inodes.some((inode) => table.at(inode) === undefined)) {
        open.push({ pid, state });
      }
      const wait =
        client === undefined ? undefined : waitOf(pid, state, call, files, client, table);
      const remote = client === undefined ? undefined : table.at(client)?.remote;
      moments.set(pid, { client, clientAddress: remote?.replace(/:\d+$/, ""), wait });
    }
    rest = open;
  }
  return moments;
}

const inodeOf = (link: string): string => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? "";

/** Whether a socket is a connection that the pool has accepted. */
function isClient(
  inode: string,
  { endpoint, listeners }: PoolSockets,
  table: SocketTable,
): boolean {
  if (listeners.includes(inode)) return false;
  const socket = table.at(inode);
  if (socket === undefined) return false;
  if ("port" in endpoint) return socket.port === endpoint.port && socket.remote !== undefined;
  const { path } = socket;
  if (path === undefined) return false;
  const { socketPath } = endpoint;
  if (socketPath.startsWith("\0")) return path === `@${socketPath.slice(1)}`;
  return path === socketPath || realPath(path) === realPath(socketPath);
}

function waitOf(
  pid: number,
  state: string,
  call: CurrentCall | "running" | undefined,
  files: ReadonlyMap<number, string>,
  client: string,
  table: SocketTable,
): WorkerWait | undefined {
  const kernel = processText(pid, "wchan");
  const wchan = kernel === "0" ? undefined : kernel;
  if (state === "D") return { kind: WaitKind.Disk, on: wchan };
  if (call === "running" || state === "R") return { kind: WaitKind.Cpu, on: undefined };
  if (call === undefined)
    return wchan === undefined ? undefined : { kind: WaitKind.Other, on: wchan };
  switch (call.kind) {
    case "sleep":
      return { kind: WaitKind.Sleep, on: undefined };
    case "child":
      return { kind: WaitKind.Child, on: undefined };
    case "read":
    case "write":
    case "lock":
    case "poll": {
      const descriptor = descriptorOf(pid, call);
      const link = descriptor === undefined ? undefined : files.get(descriptor);
      if (link === undefined) return { kind: WaitKind.Other, on: wchan };
      if (call.kind === "lock") return { kind: WaitKind.Lock, on: withoutSession(link) };
      const inode = inodeOf(link);
      if (inode === client) {
        return { kind: call.kind === "write" ? WaitKind.Answer : WaitKind.Client, on: undefined };
      }
      if (inode === "") return { kind: WaitKind.File, on: withoutSession(link) };
      return { kind: WaitKind.Connection, on: nameOf(table.at(inode)) };
    }
    default:
      return { kind: WaitKind.Other, on: wchan };
  }
}

const nameOf = (socket: OpenSocket | undefined): string =>
  socket?.remote ?? (socket?.path === undefined ? "a unix socket" : `unix:${socket.path}`);

/** The id of a session lets its reader take the session over. */
const withoutSession = (path: string): string => path.replace(/(\/sess_)[^/]*$/, "$1…");

/** The descriptor that a call waits for. */
function descriptorOf(pid: number, { argument, first }: CurrentCall): number | undefined {
  if (argument === "fd") return Number(first);
  if (argument === "none") return undefined;
  // The first entry of the array of poll(). PHP and its database drivers poll one descriptor.
  try {
    const memory = openSync(`/proc/${pid}/mem`, "r");
    try {
      const entry = Buffer.alloc(4);
      return readSync(memory, entry, 0, 4, first) === 4 ? entry.readInt32LE() : undefined;
    } finally {
      closeSync(memory);
    }
  } catch {
    return undefined;
  }
}
