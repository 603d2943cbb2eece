// Over 300 lines: start, reload and stop share the state of one pool and wait for each other.

import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkWait } from "../numbers.js";
import type { GatewayServer } from "../server/serve.js";
import type { PoolCounters } from "../status-page/write-page.js";
import { listenPaused, type PausedListener } from "../transport/listen.js";
import { listenShared } from "../transport/shared-listener.js";
import { Dispatcher } from "./dispatcher.js";
import type { PidFile } from "./pid-file.js";
import type { PoolLog } from "./pool-log.js";
import { Refuser } from "./refuse.js";
import { ScoreboardKeeper } from "./scoreboard/keeper.js";
import { noRoom } from "./scoreboard/scoreboard.js";
import type { PoolSettings } from "./settle-options.js";
import { type StaffedPool, Staffing } from "./staffing.js";
import { serveStatus } from "./status-pages.js";
import type { WorkerProcess } from "./worker-process.js";
import { Readiness, Workers, type WorkersOwner } from "./workers.js";

/** Milliseconds between two looks at the workers and the queue. */
const HEARTBEAT = 1_000;

/** The master of a pool: it listens, keeps workers running, and passes connections in delegate mode. */
export class Master implements WorkersOwner, StaffedPool {
  readonly ended: Promise<void>;
  readonly #settings: PoolSettings;
  readonly #log: PoolLog;
  readonly #pidFile: PidFile | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #refuser: Refuser;
  #keeper!: ScoreboardKeeper;
  #workers: Workers | undefined;
  #staffing: Staffing | undefined;
  #listener: PausedListener | undefined;
  #status: GatewayServer | undefined;
  #timers: NodeJS.Timeout[] = [];
  #isRunning = false;
  #isStopping = false;
  #stopping: Promise<void> | undefined;
  #resolveEnded!: () => void;
  readonly #readiness = new Readiness();
  /** The hint of the last error from loading the application. */
  #hint: string | undefined;

  constructor(settings: PoolSettings, log: PoolLog, pidFile: PidFile | undefined) {
    this.#settings = settings;
    this.#log = log;
    this.#pidFile = pidFile;
    this.#refuser = new Refuser(settings.protocol, settings.serve.limits);
    this.#dispatcher = new Dispatcher(settings, {
      starved: () => this.#staffing?.startForWaiting(),
      refuse: (socket, reason) => this.#refuse(socket, reason),
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  async open(): Promise<void> {
    const settings = this.#settings;
    this.#log.hold();
    const { listen, mode, statusListen } = settings;
    const shared = mode === "shared" ? await listenShared(listen, settings) : undefined;
    this.#listener = shared ?? (await this.#openServer());
    this.#checkWanted();
    this.#keeper = new ScoreboardKeeper(settings, this.#listener.port);
    this.#workers = new Workers(
      settings,
      this.#keeper,
      this.#log,
      { shared: shared?.descriptor, isTcp: this.#listener.port !== undefined },
      this,
    );
    this.#staffing = new Staffing(settings, this.#workers, this);
    if (statusListen !== undefined) {
      this.#status = await serveStatus(statusListen, settings, this.#keeper.board);
      this.#checkWanted();
    }
    this.#isRunning = true;
    this.#log.notice(
      `pool is running, pid ${process.pid}: ${this.address}, ${mode}, ${settings.pm}`,
    );
    if (settings.isRootByDefault) {
      this.#log.warning(
        "running as root: the application may do everything; give workers a user (--user)",
      );
    }
    await this.#startFirst(this.#workers);
    this.#checkWanted();
    this.#pidFile?.place();
    this.#beat();
    this.#log.release();
    this.#log.notice("ready to handle connections");
  }

  get address(): string {
    const { protocol } = this.#settings;
    const prefix = protocol === Protocol.FastCgi ? "" : `${protocol}://`;
    return `${prefix}${this.#listener?.address}`;
  }

  get pids(): readonly number[] {
    return [...(this.#workers?.all ?? [])].map(({ pid }) => pid);
  }

  get counters(): PoolCounters {
    return this.#keeper.counters(true);
  }

  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  async reload(): Promise<void> {
    const workers = this.#workers;
    if (workers === undefined || this.#isStopping) return;
    const before = workers.generation;
    const isEmpty = workers.all.size === 0;
    workers.generation += 1;
    workers.pausedUntil = 0;
    const { generation } = workers;
    this.#log.notice("reloading");
    if (isEmpty) return;
    const failure = await this.#startGeneration(workers);
    if (generation !== workers.generation || this.#isStopping) return;
    if (failure !== undefined) {
      for (const worker of workers.current) workers.stop(worker);
      workers.generation = before;
      this.#log.error("reload failed: the old children stay");
      this.#staffing?.adjust();
      throw failedToLoad(failure, this.#hint);
    }
    for (const worker of workers.old) this.retire(worker);
    this.#staffing?.adjust();
  }

  reopenLogs(): void {
    this.#log.reopen();
    this.#log.notice("log reopened");
  }

  async stop(timeout = this.#settings.drainTimeout || Number.POSITIVE_INFINITY): Promise<void> {
    checkWait("timeout", timeout);
    this.#stopping ??= this.#stop(timeout);
    return this.#stopping;
  }

  kill(): void {
    for (const worker of this.#workers?.all ?? []) worker.kill();
  }

  ready(worker: WorkerProcess): void {
    const workers = this.#workers as Workers;
    // While the pool stops, connections that wait are still served.
    const isOver = this.#isStopping && this.waiting === 0;
    if (isOver || worker.generation !== workers.generation) this.retire(worker);
    else {
      const [oldest] = workers.old;
      if (oldest !== undefined) this.retire(oldest);
    }
    this.#readiness.changed();
  }

  failed(_worker: WorkerProcess, reason: string, hint?: string): void {
    this.#hint = hint;
    this.#log.drop();
    this.#readiness.changed(reason);
  }

  room(worker: WorkerProcess): void {
    this.#dispatcher.hasRoom(worker);
    if (this.waiting === 0) this.#staffing?.relieved();
  }

  maxRequestsReached(worker: WorkerProcess): void {
    this.retire(worker);
    this.#staffing?.adjust();
  }

  session(worker: WorkerProcess, id: string): void {
    this.#dispatcher.began(id, worker);
  }

  exited(worker: WorkerProcess, wasReady: boolean): void {
    this.#dispatcher.died(worker);
    const failure = wasReady ? undefined : `child ${worker.pid} died before it was ready`;
    this.#hint = undefined;
    this.#readiness.changed(failure);
    this.#staffing?.adjust();
  }

  retire(worker: WorkerProcess): void {
    this.#workers?.stop(worker);
    this.#dispatcher.leave(worker);
  }

  limitReached(): void {
    this.#keeper.limitReached();
    this.#log.warning(`reached maxChildren (${this.#settings.maxChildren}), consider raising it`);
  }

  #openServer(): Promise<PausedListener> {
    const { listen, affinity } = this.#settings;
    // With a `highWaterMark` of 1, reading stops after each chunk, as `readHead` needs it.
    return listenPaused(listen, this.#settings, affinity ? 1 : undefined, {
      connected: (socket) => this.#dispatcher.offer(socket),
      failed: (error) => {
        this.#log.warning(`a connection could not be accepted: ${error.message}`);
      },
    });
  }

  /**
   * Ends the start if the pool was stopped while it waited, and closes what the start has opened.
   */
  #checkWanted(): void {
    if (!this.#isStopping) return;
    this.#listener?.close();
    void this.#status?.close(0);
    throw new GatewayError(ErrorCode.Aborted, "the start of the pool was ended");
  }

  /** Starts the first workers and waits until they are ready. */
  async #startFirst(workers: Workers): Promise<void> {
    const { startServers } = this.#settings;
    if (startServers === 0) return;
    for (let started = 0; started < startServers; started++) if (!workers.start()) throw noRoom();
    const failure = await this.#allReady(workers);
    if (failure !== undefined) throw failedToLoad(failure, this.#hint);
  }

  /** Starts a new generation beside the old one. @returns why it cannot serve; else undefined */
  async #startGeneration(workers: Workers): Promise<string | undefined> {
    const { pm, maxChildren, startServers } = this.#settings;
    const busy = workers.old.filter(({ idle }) => idle === undefined).length;
    const wanted = pm === "static" ? maxChildren : Math.max(1, startServers, busy);
    const count = Math.min(wanted, maxChildren);
    for (let started = 0; started < count; started++) {
      if (!workers.start()) return noRoom().message;
    }
    return this.#allReady(workers);
  }

  /** Waits until this generation is ready. @returns why it cannot serve; else undefined */
  #allReady(workers: Workers): Promise<string | undefined> {
    return this.#readiness.of(workers, () => this.#isStopping);
  }

  #beat(): void {
    const { requestTerminateTimeout: limit } = this.#settings;
    this.#timers.push(setInterval(() => this.#heartbeat(), HEARTBEAT).unref());
    if (limit > 0 && limit < 4 * HEARTBEAT) {
      const pause = Math.max(10, limit / 8);
      this.#timers.push(setInterval(() => this.#workers?.inspect(), pause).unref());
    }
  }

  #heartbeat(): void {
    const { maxWaiting, waiting } = this.#dispatcher;
    this.#keeper.sample(this.#listener?.port, waiting, maxWaiting);
    this.#dispatcher.prune();
    this.#workers?.inspect();
    this.#staffing?.recount();
  }

  #refuse(socket: Socket, reason: string): void {
    this.#log.warning(`a connection is refused: ${reason}`);
    this.#refuser.refuse(socket);
  }

  async #stop(timeout: number): Promise<void> {
    this.#isStopping = true;
    this.#staffing?.close();
    this.#staffing = undefined;
    const end = Date.now() + timeout;
    if (this.#isRunning) this.#log.notice("finishing");
    this.#listener?.close();
    this.#readiness.changed();
    // Workers still take the connections that have been accepted.
    await this.#until(() => this.waiting === 0 || this.pids.length === 0, end);
    this.#dispatcher.close();
    for (const worker of this.#workers?.all ?? []) this.retire(worker);
    await this.#until(() => this.pids.length === 0, end);
    if (this.pids.length > 0) {
      this.#log.warning(`killing ${this.pids.length} children that are not done`);
      this.kill();
      await this.#until(() => this.pids.length === 0, Number.POSITIVE_INFINITY);
    }
    for (const timer of this.#timers) clearInterval(timer);
    // Refuses the connections that came back from killed workers.
    this.#dispatcher.close();
    this.#refuser.close();
    await this.#status?.close(0);
    this.#workers?.close();
    this.#workers = undefined;
    this.#keeper?.close();
    this.#pidFile?.remove();
    if (this.#isRunning) this.#log.notice("exiting, bye-bye!");
    this.#log.close();
    this.#resolveEnded();
  }

  /** Waits until a condition holds, at most until the moment `end`. */
  async #until(holds: () => boolean, end: number): Promise<void> {
    while (!holds() && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function failedToLoad(
  reason: string,
  hint = "run its module with node to see the error",
): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `the application cannot be loaded: ${reason}`, {
    hint,
  });
}
