import type { Socket } from "node:net";

/** The most connections at once. */
const MAX_CONNECTIONS = 512;
/** Milliseconds after which an answer may be cut to make room for another connection. */
const LONG_ANSWER = 10_000;

interface Entry {
  /** How many requests are being answered. */
  requests: number;
  /** Milliseconds of the monotonic clock when the oldest of the running answers began. */
  began: number;
}

/**
 * The connections of a listener. When there are too many, a new one replaces another: the oldest
 * that has never asked, else the one that is idle longest, else one whose answer takes long. So
 * thousands of idle connections cannot keep a scrape out.
 */
export class ConnectionTable {
  /** In each of them, oldest first. */
  readonly #silent = new Set<Socket>();
  readonly #idle = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  readonly #entries = new Map<Socket, Entry>();

  /**
   * Takes a connection in, or closes it.
   *
   * @returns whether it was taken in
   */
  add(socket: Socket): boolean {
    if (this.#entries.size >= MAX_CONNECTIONS && !this.#makeRoom()) {
      socket.destroy();
      return false;
    }
    this.#entries.set(socket, { requests: 0, began: 0 });
    this.#silent.add(socket);
    socket.once("close", () => this.#remove(socket));
    return true;
  }

  /**
   * Counts a connection as busy: it has sent a whole request.
   *
   * @returns a function to call after the answer
   */
  begin(socket: Socket): () => void {
    const entry = this.#entries.get(socket);
    if (entry === undefined) return () => {};
    if (entry.requests++ === 0) {
      entry.began = performance.now();
      this.#move(socket, this.#busy);
    }
    return () => {
      if (--entry.requests === 0 && this.#entries.has(socket)) this.#move(socket, this.#idle);
    };
  }

  /** Closes the connections that nothing is answered on. */
  closeIdle(): void {
    for (const socket of [...this.#silent, ...this.#idle]) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#entries.keys()) socket.destroy();
  }

  #makeRoom(): boolean {
    const [socket = this.#longAnswer()] = [...firstOf(this.#silent), ...firstOf(this.#idle)];
    if (socket === undefined) return false;
    socket.destroy();
    this.#remove(socket);
    return true;
  }

  #longAnswer(): Socket | undefined {
    const [oldest] = this.#busy;
    const began = oldest === undefined ? undefined : this.#entries.get(oldest)?.began;
    return began !== undefined && performance.now() - began > LONG_ANSWER ? oldest : undefined;
  }

  #move(socket: Socket, to: Set<Socket>): void {
    for (const set of [this.#silent, this.#idle, this.#busy]) set.delete(socket);
    to.add(socket);
  }

  #remove(socket: Socket): void {
    for (const set of [this.#silent, this.#idle, this.#busy]) set.delete(socket);
    this.#entries.delete(socket);
  }
}

function firstOf(sockets: ReadonlySet<Socket>): Socket[] {
  for (const socket of sockets) return [socket];
  return [];
}
