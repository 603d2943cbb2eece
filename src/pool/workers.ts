import { randomBytes } from "node:crypto";
import { withoutControls } from "../status-page/field-values.js";
import { workerOptions } from "./messages.js";
import { OrphanGuard } from "./orphan-guard.js";
import type { PoolLog } from "./pool-log.js";
import type { ScoreboardKeeper } from "./scoreboard/keeper.js";
import { preciseNow, SlotState } from "./scoreboard/layout.js";
import type { PoolSettings } from "./settle-options.js";
import { type WorkerEvents, WorkerProcess } from "./worker-process.js";

/** Milliseconds after which a worker counts as healthy even if it has answered no request. */
const HEALTHY_AGE = 5_000;
/** Milliseconds that the guard waits longer than the workers, which keep the limit themselves. */
const GUARD_DELAY = 1_000;

/** The pool's master, which is notified of these events. */
export type WorkersOwner = Pick<
  WorkerEvents,
  "ready" | "room" | "maxRequestsReached" | "session"
> & {
  /** The application could not be loaded. */
  failed(worker: WorkerProcess, reason: string, hint?: string): void;
  /** The worker's process has exited. `wasReady`: the application had been loaded. */
  exited(worker: WorkerProcess, wasReady: boolean): void;
};

/** The pool's listening socket, as far as workers need to know it. */
export interface PoolListener {
  /** The descriptor of the listening socket in shared mode. */
  shared: number | undefined;
  /** Whether connections arrive over TCP, and not over a unix socket. */
  isTcp: boolean;
}

/** The worker processes of a pool: starts them, inspects them, and records how they ended. */
export class Workers implements WorkerEvents {
  readonly all = new Set<WorkerProcess>();
  generation = 1;
  /** No worker is started before this moment. */
  pausedUntil = 0;
  readonly #settings: PoolSettings;
  readonly #keeper: ScoreboardKeeper;
  readonly #log: PoolLog;
  readonly #listener: PoolListener;
  readonly #owner: WorkersOwner;
  readonly #backOff = new BackOff();
  readonly #guard: OrphanGuard | undefined;
  /** Workers that were asked to end, or reported that they cannot serve. */
  readonly #expected = new WeakSet<WorkerProcess>();
  /** Workers that were killed while they started, because they are no longer needed. */
  readonly #dropped = new WeakSet<WorkerProcess>();

  constructor(
    settings: PoolSettings,
    keeper: ScoreboardKeeper,
    log: PoolLog,
    listener: PoolListener,
    owner: WorkersOwner,
  ) {
    this.#settings = settings;
    this.#keeper = keeper;
    this.#log = log;
    this.#listener = listener;
    this.#owner = owner;
    const { name, drainTimeout } = settings;
    if (drainTimeout > 0) this.#guard = new OrphanGuard(name, drainTimeout + GUARD_DELAY);
  }

  /** Workers of the current generation that are not ending. */
  get current(): WorkerProcess[] {
    return [...this.all].filter(
      ({ generation, state }) => generation === this.generation && state !== "ending",
    );
  }

  /** Workers of earlier generations that are not ending. */
  get old(): WorkerProcess[] {
    return [...this.all].filter(
      ({ generation, state }) => generation !== this.generation && state !== "ending",
    );
  }

  /** Starts a worker. @returns false when the scoreboard has no room for it */
  start(): boolean {
    const slot = this.#keeper.take();
    if (slot === undefined) return false;
    const settings = this.#settings;
    const worker = new WorkerProcess(
      {
        settings: {
          ...workerOptions(settings),
          key: randomBytes(12).toString("base64url"),
          identity: settings.identity,
          isTcp: this.#listener.isTcp,
          places: settings.maxChildren * settings.concurrency,
          slot,
        },
        generation: this.generation,
        listening: this.#listener.shared,
        scoreboard: this.#keeper.board.descriptor,
        takesOutput: this.#log.takesOutput,
        pool: settings,
      },
      this,
    );
    this.all.add(worker);
    if (worker.pid > 0) {
      this.#guard?.watch(worker.pid);
      this.#log.notice(`child ${worker.pid} started`);
    }
    return true;
  }

  /** Lets a worker end: gracefully if it is ready, at once if it is still starting. */
  stop(worker: WorkerProcess, limit = this.#settings.drainTimeout): void {
    this.#expected.add(worker);
    if (worker.state !== "starting") {
      worker.stop(limit);
      return;
    }
    // Its application may never finish loading.
    worker.state = "ending";
    this.#dropped.add(worker);
    worker.kill();
  }

  /** Call this when all workers have exited and no more are started. */
  close(): void {
    this.#guard?.close();
  }

  /** Records which workers are idle, and kills those that start or run a request for too long. */
  inspect(): void {
    const now = preciseNow();
    for (const worker of this.all) {
      if (worker.state === "starting") this.#checkStart(worker, now);
      else this.#inspect(worker, now);
    }
  }

  ready(worker: WorkerProcess): void {
    this.#owner.ready(worker);
  }

  failed(worker: WorkerProcess, reason: string, hint?: string): void {
    this.#expected.add(worker);
    this.#log.error(`child ${worker.pid} cannot load the application: ${reason}`);
    this.#owner.failed(worker, reason, hint);
  }

  room(worker: WorkerProcess): void {
    this.#owner.room(worker);
  }

  maxRequestsReached(worker: WorkerProcess): void {
    this.#owner.maxRequestsReached(worker);
  }

  session(worker: WorkerProcess, id: string): void {
    this.#owner.session(worker, id);
  }

  garbled(worker: WorkerProcess): void {
    this.#log.warning(
      `child ${worker.pid} wrote bytes to the pool's channel that are not a message, killing it`,
    );
    worker.kill();
  }

  slow(_worker: WorkerProcess, text: string): void {
    this.#log.warning(`slow request\n${text}`);
  }

  output(worker: WorkerProcess, stream: "stdout" | "stderr", line: string): void {
    this.#log.warning(`child ${worker.pid} said into ${stream}: ${JSON.stringify(line)}`);
  }

  exited(worker: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void {
    const wasReady = worker.readyAt > 0;
    const isHealthy = wasReady && this.#wasHealthy(worker);
    const how = signal === null ? `with code ${code}` : `on signal ${signal}`;
    const age = ((Date.now() - worker.startedAt) / 1_000).toFixed(3);
    const text = `child ${worker.pid} exited ${how} after ${age} seconds from start`;
    const isExpected = this.#dropped.has(worker) || (this.#expected.has(worker) && code === 0);
    if (isExpected) this.#log.notice(text);
    else this.#log.warning(text);
    if (!isExpected && !(wasReady && this.#expected.has(worker))) this.#pause(isHealthy);
    this.all.delete(worker);
    this.#guard?.forget(worker.pid);
    this.#keeper.free(worker.slot);
    this.#owner.exited(worker, wasReady);
  }

  #pause(wasHealthy: boolean): void {
    const pause = this.#backOff.died(wasHealthy);
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + pause);
    if (pause > 0) this.#log.warning(`children die early: the next one starts in ${pause} ms`);
  }

  #wasHealthy(worker: WorkerProcess): boolean {
    if (Date.now() - worker.readyAt >= HEALTHY_AGE) return true;
    return this.#keeper
      .slotsOf(worker.slot)
      .some(({ requests, state }) => requests > (state === SlotState.Running ? 1 : 0));
  }

  #checkStart(worker: WorkerProcess, now: number): void {
    const { startTimeout } = this.#settings;
    if (startTimeout === 0 || now - worker.startedAt < startTimeout) return;
    this.#log.error(`child ${worker.pid} is not ready after ${startTimeout} ms, killing it`);
    worker.kill();
  }

  #inspect(worker: WorkerProcess, now: number): void {
    const { requestTerminateTimeout: limit } = this.#settings;
    let idleSince = worker.readyAt;
    worker.idle = undefined;
    for (const slot of this.#keeper.slotsOf(worker.slot)) {
      const { state, began, duration } = slot;
      idleSince = Math.max(idleSince, began + duration / 1_000);
      if (state === SlotState.Idle) continue;
      idleSince = Number.POSITIVE_INFINITY;
      if (limit === 0 || state !== SlotState.Running || now - began < limit) continue;
      const { requestMethod, requestUri, script } = this.#keeper.board.readTexts(
        slot.slot,
        slot.requests,
      );
      const seconds = ((now - began) / 1_000).toFixed(3);
      const request = JSON.stringify(withoutControls(`${requestMethod} ${requestUri}`));
      this.#log.warning(
        `child ${worker.pid}, script ${JSON.stringify(withoutControls(script))} (request: ${request}) execution timed out (${seconds} sec), terminating`,
      );
      worker.kill();
      return;
    }
    if (idleSince < Number.POSITIVE_INFINITY) worker.idle = Math.max(0, now - idleSince);
  }
}

/** Milliseconds of pause after the second early death in a row; each further one doubles it. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;

/**
 * Decides how long to wait before a worker that died is replaced. A healthy one is replaced at once;
 * if workers keep dying before they become healthy, each pause is twice as long as the one before.
 */
export class BackOff {
  #failures = 0;

  /** @returns milliseconds until the next worker may be started */
  died(wasHealthy: boolean): number {
    this.#failures = wasHealthy ? 0 : this.#failures + 1;
    if (this.#failures < 2) return 0;
    return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 2));
  }
}

/** Waits until the workers of a generation are ready or have failed. */
export class Readiness {
  readonly #watchers = new Set<(failure: string | undefined) => void>();

  /**
   * Waits until all current workers are ready, or one of them has failed.
   *
   * @param isOver whether the pool is stopping
   * @returns why none of them can serve
   */
  of(workers: Workers, isOver: () => boolean): Promise<string | undefined> {
    const { generation } = workers;
    return new Promise((resolve) => {
      const look = (failure: string | undefined): void => {
        const isUnwanted = generation !== workers.generation || isOver();
        const { current } = workers;
        const isReady = current.length > 0 && current.every(({ state }) => state === "ready");
        if (!isReady && !isUnwanted && failure === undefined) return;
        this.#watchers.delete(look);
        const canServe = current.some(({ state }) => state === "ready");
        resolve(canServe || isUnwanted ? undefined : failure);
      };
      this.#watchers.add(look);
      look(undefined);
    });
  }

  /** Call this when a worker is ready, has exited or has failed, then with the reason. */
  changed(failure?: string): void {
    for (const watcher of [...this.#watchers]) watcher(failure);
  }
}
