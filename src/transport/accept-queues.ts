import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { type SocketEndpoint, withoutBrackets } from "../address.js";
import { interfaceAddresses, isOwnAddress } from "./own-address.js";
import { RealPaths } from "./real-paths.js";
import { placesOf, placesOfHex, type TcpRow, TcpState, tcpRows } from "./tcp-table.js";

/** The accept queue of a listening socket. */
export interface AcceptQueue {
  /** Connections that wait to be accepted. */
  readonly waiting: number;
  /** Connections of these whose client has closed. The server will work for none of them. */
  readonly abandoned: number;
}

/** The longest table that is read, in bytes: 16 MiB, about 200,000 sockets. */
const MAX_TABLE = 16_777_216;

/** Columns of /proc/net/unix (proc_net(5)): Num RefCount Protocol Flags Type St Inode Path. */
const UNIX_ROW = /^\S+ (\S+) \S+ (\S+) \S+ (\S+) +(\d+) (.+)$/;
const LISTENING = "00010000";
const UNIX_WAITING = "02";
/** The references of a waiting connection whose client has closed: its client held the third. */
const WITHOUT_CLIENT = 2;

/** The sockets whose tables are read. */
export interface QueueKinds {
  readonly unix: boolean;
  readonly tcp: boolean;
}

const allKinds: QueueKinds = { unix: true, tcp: true };

/** Reads the accept queues of this machine, by default the tables of the kernel at most once a second. */
export class AcceptQueues {
  readonly #age: number;
  #table: Promise<AcceptQueueTable> | undefined;
  #tableRead = 0;
  #kinds: QueueKinds = allKinds;
  readonly #realPaths = new RealPaths();

  /** @param age milliseconds for which the tables are read once */
  constructor(age = 1_000) {
    this.#age = age;
  }

  /**
   * The queues as they are now, or were up to `age` milliseconds ago.
   *
   * @param kinds which sockets are asked for. The others are unknown. Reading the tables of TCP takes
   * 7 ms of CPU even if they are empty, since the kernel walks through all of its hash table
   */
  read(kinds: QueueKinds = allKinds): Promise<AcceptQueueTable> {
    const now = performance.now();
    const isEnough = (kinds.unix ? this.#kinds.unix : true) && (kinds.tcp ? this.#kinds.tcp : true);
    if (this.#table === undefined || !isEnough || now - this.#tableRead > this.#age) {
      this.#realPaths.refresh();
      this.#table = AcceptQueueTable.read(kinds, this.#realPaths);
      this.#tableRead = now;
      this.#kinds = kinds;
    }
    return this.#table;
  }
}

/**
 * The accept queues by the tables of the kernel at one moment. Any user may read them. They show the
 * sockets of one network namespace: a socket of another one has no row, and its queue is unknown,
 * not empty.
 */
export class AcceptQueueTable {
  /** The longest queue that the system allows (`net.core.somaxconn`); `undefined` if unknown. */
  readonly longest: number | undefined;
  readonly #unix: ReadonlyMap<string, AcceptQueue>;
  readonly #tcp: ReadonlyMap<string, AcceptQueue>;
  readonly #realPaths: RealPaths;
  #interfaceAddresses: ReadonlySet<string> | undefined;

  private constructor(tables: Tables, realPaths: RealPaths) {
    const longest = Number.parseInt(tables.longest, 10);
    this.longest = Number.isNaN(longest) ? undefined : longest;
    this.#unix = unixQueues(tables.unix, realPaths);
    this.#tcp = tcpQueues([...tcpRows(tables.tcp), ...tcpRows(tables.tcp6)]);
    this.#realPaths = realPaths;
  }

  /** Reads the tables. A table that cannot be read, as on systems other than Linux, is empty. */
  static async read(kinds: QueueKinds, realPaths: RealPaths): Promise<AcceptQueueTable> {
    const [unix, tcp, tcp6, longest] = await Promise.all([
      kinds.unix ? readTable("/proc/net/unix") : "",
      kinds.tcp ? readTable("/proc/net/tcp") : "",
      kinds.tcp ? readTable("/proc/net/tcp6") : "",
      readTable("/proc/sys/net/core/somaxconn"),
    ]);
    return new AcceptQueueTable({ unix, tcp, tcp6, longest }, realPaths);
  }

  /**
   * The queue of the socket that an address leads to. `undefined` where it is not known: the socket
   * does not listen in this namespace, or the host is a name other than localhost, or another machine.
   */
  queueOf(endpoint: SocketEndpoint): AcceptQueue | undefined {
    if ("port" in endpoint) return this.#tcpQueue(withoutBrackets(endpoint.host), endpoint.port);
    const { socketPath } = endpoint;
    if (socketPath.startsWith("\0")) return this.#unix.get(`@${socketPath.slice(1)}`);
    return this.#unix.get(this.#realPaths.of(socketPath));
  }

  /**
   * How many connections may wait where a server listens with this backlog: the system's limit at the
   * most. `undefined` where that is unknown.
   */
  limitOf(backlog: number): number | undefined {
    if (this.longest === undefined) return undefined;
    return backlog < 0 ? this.longest : Math.min(backlog, this.longest);
  }

  /** Reads them once for all questions: to read them takes long where there are many targets. */
  readonly #interfaces = (): ReadonlySet<string> => {
    this.#interfaceAddresses ??= interfaceAddresses();
    return this.#interfaceAddresses;
  };

  #tcpQueue(host: string, port: number): AcceptQueue | undefined {
    const addresses = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
    const own = addresses.filter((address) => isOwnAddress(address, this.#interfaces));
    for (const place of own.flatMap(placesOf)) {
      const queue = this.#tcp.get(tcpKey({ address: place, port }));
      if (queue !== undefined) return queue;
    }
    return undefined;
  }
}

async function readTable(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return bytes.length > MAX_TABLE ? "" : bytes.toString("utf8");
  } catch {
    return "";
  }
}

interface Tables {
  readonly unix: string;
  readonly tcp: string;
  readonly tcp6: string;
  readonly longest: string;
}

/** The queues by the path of the socket, without symbolic links. */
function unixQueues(table: string, realPaths: RealPaths): Map<string, AcceptQueue> {
  const listening = new Set<string>();
  const rows: { path: string; isAbandoned: boolean }[] = [];
  for (const line of table.split("\n")) {
    const row = UNIX_ROW.exec(line);
    if (row === null) continue;
    const [, references = "", flags, state, inode, path = ""] = row;
    if (flags === LISTENING) listening.add(path);
    else if (state === UNIX_WAITING && inode === "0") {
      rows.push({ path, isAbandoned: Number.parseInt(references, 16) <= WITHOUT_CLIENT });
    }
  }
  const queues = new Map<string, AcceptQueue>();
  for (const path of listening) queues.set(keyOf(path), { waiting: 0, abandoned: 0 });
  for (const { path, isAbandoned } of rows) add(queues, keyOf(path), 1, isAbandoned ? 1 : 0);
  return queues;

  // The folder alone: the file may have been replaced by another socket, or by a link.
  function keyOf(path: string): string {
    if (!path.startsWith("/")) return path;
    return posix.join(realPaths.folder(posix.dirname(path)), posix.basename(path));
  }
}

/** The queues by address and port. Several sockets can share them (`SO_REUSEPORT`). */
function tcpQueues(rows: readonly TcpRow[]): Map<string, AcceptQueue> {
  const queues = new Map<string, AcceptQueue>();
  for (const row of rows) {
    if (row.state !== TcpState.Listen) continue;
    const key = tcpKey(row);
    if (!queues.has(key)) queues.set(key, { waiting: 0, abandoned: 0 });
    add(queues, key, row.receiveQueue, 0);
  }
  for (const row of rows) {
    if (row.state !== TcpState.CloseWait || row.inode !== "0") continue;
    const place = placesOfHex(row.address).find((address) =>
      queues.has(tcpKey({ address, port: row.port })),
    );
    if (place !== undefined) add(queues, tcpKey({ address: place, port: row.port }), 0, 1);
  }
  return queues;
}

function tcpKey({ address, port }: Pick<TcpRow, "address" | "port">): string {
  return `${address}:${port}`;
}

/** Adds to a queue whose socket listens. */
function add(queues: Map<string, AcceptQueue>, key: string, waiting: number, abandoned: number) {
  const queue = queues.get(key);
  if (queue === undefined) return;
  queues.set(key, {
    waiting: queue.waiting + waiting,
    abandoned: queue.abandoned + abandoned,
  });
}
