import type { Socket } from "node:net";
import { type HeadReaderOptions, readHead } from "./first-request.js";
import { SessionTable, sessionOf } from "./sessions.js";
import type { PoolSettings } from "./settle-options.js";
import type { WaitingConnection, WorkerProcess } from "./worker-process.js";

/** The master, which is notified of these events. */
export interface DispatcherEvents {
  /** Connections wait and no worker has room for them. */
  starved(): void;
  /** A connection is to be refused: too many wait, or it has waited too long. */
  refuse(socket: Socket, reason: string): void;
}

export type DispatcherSettings = Pick<
  PoolSettings,
  "queueLimit" | "queueTimeout" | "affinity" | "protocol" | "serve"
>;

/** The most connections of its sessions that wait for one worker. */
const SESSION_QUEUE = 15;

/** Passes each connection to the oldest worker that has room for it. */
export class Dispatcher {
  maxWaiting = 0;
  readonly #settings: DispatcherSettings;
  readonly #events: DispatcherEvents;
  readonly #workers = new Set<WorkerProcess>();
  readonly #queue: WaitingConnection[] = [];
  readonly #sessions = new SessionTable<WorkerProcess>();
  /** Connections whose session is not known yet. */
  readonly #reading = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(settings: DispatcherSettings, events: DispatcherEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Connections that wait for a worker. */
  get waiting(): number {
    let waiting = this.#queue.length + this.#reading.size;
    for (const worker of this.#workers) waiting += worker.queue.length;
    return waiting;
  }

  /** A connection has been accepted. */
  offer(socket: Socket): void {
    // The worker that reads finds out if the client leaves while it waits.
    socket.on("error", () => {});
    if (this.waiting >= this.#settings.queueLimit + this.#room()) {
      this.#events.refuse(socket, `${this.waiting} connections wait for a worker`);
    } else if (this.#settings.affinity) void this.#offerSession(socket);
    else this.#enqueue({ socket, since: Date.now() });
  }

  /** A worker is ready, or has more room. */
  hasRoom(worker: WorkerProcess): void {
    this.#workers.add(worker);
    this.#dispatch();
  }

  /** A worker has answered with the cookie of a session: what it keeps of it is there. */
  began(session: string, worker: WorkerProcess): void {
    if (this.#workers.has(worker)) this.#sessions.assign(session, worker);
  }

  /** A worker takes no more connections. Those that have been passed to it will arrive. */
  leave(worker: WorkerProcess): void {
    this.#workers.delete(worker);
    this.#sessions.drop(worker);
    this.#queue.unshift(...worker.queue.splice(0));
    this.#dispatch();
  }

  /** A worker has died. Connections that have not arrived there are passed to another one. */
  died(worker: WorkerProcess): void {
    this.#queue.unshift(...worker.undelivered());
    this.leave(worker);
  }

  /** Drops sessions that are no longer used. */
  prune(): void {
    this.#sessions.prune();
  }

  /** Refuses all connections that wait. */
  close(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#scheduled);
    for (const socket of this.#reading) socket.destroy();
    for (const worker of this.#workers) this.#queue.push(...worker.queue.splice(0));
    for (const { socket } of this.#queue.splice(0)) this.#events.refuse(socket, "the pool ends");
  }

  async #offerSession(socket: Socket): Promise<void> {
    const { protocol, serve } = this.#settings;
    const timeout = serve.headerTimeout ?? 10_000;
    const options: HeadReaderOptions = { protocol, limits: serve.limits, timeout };
    this.#reading.add(socket);
    const start = await readHead(socket, options);
    this.#reading.delete(socket);
    if (start === undefined) return;
    const { bytes, variables } = start;
    const session = variables === undefined ? undefined : sessionOf(variables);
    this.#enqueue({ socket, since: Date.now(), bytes, session });
  }

  #enqueue(waiting: WaitingConnection): void {
    this.#queue.push(waiting);
    if (this.#scheduled !== undefined) return;
    // After the messages that have arrived: a worker reports that it is ready before its client sees
    // the answer, and the client's next connection should find that worker.
    this.#scheduled = setImmediate(() => {
      this.#scheduled = undefined;
      this.#dispatch();
      this.maxWaiting = Math.max(this.maxWaiting, this.waiting);
    });
  }

  #room(): number {
    let room = 0;
    for (const worker of this.#workers) room += worker.room;
    return room;
  }

  #dispatch(): void {
    if (this.#settings.affinity) this.#sortSessions();
    for (const worker of this.#workers) {
      while (worker.room > 0 && worker.queue.length > 0) this.#pass(worker.queue, worker);
    }
    while (this.#queue.length > 0) {
      const worker = this.#choose();
      if (worker === undefined) break;
      this.#pass(this.#queue, worker);
      if (this.#settings.affinity) this.#sortSessions();
    }
    if (this.#queue.length > 0) this.#events.starved();
    this.#watch();
  }

  #pass(queue: WaitingConnection[], worker: WorkerProcess): void {
    const waiting = queue.shift() as WaitingConnection;
    if (waiting.session !== undefined) this.#sessions.assign(waiting.session, worker);
    // It may have been reset while it waited.
    if (!waiting.socket.destroyed) worker.pass(waiting);
  }

  /** Chooses a worker with room: the oldest or, with affinity, the one with the fewest sessions. */
  #choose(): WorkerProcess | undefined {
    let chosen: WorkerProcess | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const worker of this.#workers) {
      if (worker.room === 0) continue;
      if (!this.#settings.affinity) return worker;
      const count = this.#sessions.countOf(worker);
      if (count < fewest) [chosen, fewest] = [worker, count];
    }
    return chosen;
  }

  /** Moves the connections of known sessions to the queues of their workers. */
  #sortSessions(): void {
    const unknown: WaitingConnection[] = [];
    for (const waiting of this.#queue.splice(0)) {
      const { session, socket } = waiting;
      const worker = session === undefined ? undefined : this.#sessions.find(session);
      if (worker === undefined || !this.#workers.has(worker)) unknown.push(waiting);
      else if (worker.room > 0 && worker.queue.length === 0) this.#pass([waiting], worker);
      else if (worker.queue.length < SESSION_QUEUE) worker.queue.push(waiting);
      else
        this.#events.refuse(socket, `${SESSION_QUEUE} connections wait for worker ${worker.pid}`);
    }
    this.#queue.push(...unknown);
  }

  /** While connections wait, checks regularly whether they have waited for too long. */
  #watch(): void {
    const { queueTimeout } = this.#settings;
    if (queueTimeout === 0) return;
    if (this.waiting === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const pause = Math.min(1_000, Math.max(10, queueTimeout / 10));
    this.#timer ??= setInterval(() => this.#expire(), pause);
  }

  #expire(): void {
    const { queueTimeout } = this.#settings;
    const oldest = Date.now() - queueTimeout;
    const queues = [this.#queue, ...[...this.#workers].map(({ queue }) => queue)];
    for (const queue of queues) {
      while ((queue[0]?.since ?? Number.POSITIVE_INFINITY) <= oldest) {
        const { socket } = queue.shift() as WaitingConnection;
        this.#events.refuse(socket, `no worker was free for ${queueTimeout} ms`);
      }
    }
    this.#watch();
  }
}
