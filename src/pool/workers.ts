import { randomBytes } from "node:crypto";
import { withoutControls } from "../status-page/write-fields.js";
import { BackOff } from "./back-off.js";
import type { WorkerSettings } from "./messages.js";
import type { PoolSettings } from "./options.js";
import { Guard } from "./orphan-guard.js";
import type { PoolLog } from "./pool-log.js";
import type { BoardKeeper } from "./scoreboard/keeper.js";
import { preciseNow, SlotState } from "./scoreboard/layout.js";
import { type WorkerEvents, WorkerProcess } from "./worker-process.js";

/** A worker that has lived for so long, or has answered a request, can serve. In milliseconds. */
const HEALTHY_AGE = 5_000;
/** Beyond its limit, which a worker should keep itself. In milliseconds. */
const PATIENCE = 1_000;

/** What the crew tells the master. */
export type CrewEvents = Pick<WorkerEvents, "ready" | "room" | "worn"> & {
  /** The application could not be loaded. */
  failed(worker: WorkerProcess, reason: string, hint?: string): void;
  /** A worker is gone. */
  gone(worker: WorkerProcess, wasReady: boolean): void;
};

/** What workers have to know of where the pool listens. */
export interface CrewListener {
  /** The descriptor of a socket that they share. */
  shared: number | undefined;
  /** Whether connections come over TCP, and not over a unix socket. */
  isTcp: boolean;
}

/** The worker processes of a pool: starts them, watches them, and keeps account of their ends. */
export class Crew implements WorkerEvents {
  readonly all = new Set<WorkerProcess>();
  generation = 1;
  /** No worker is started before this moment. */
  pausedUntil = 0;
  readonly #settings: PoolSettings;
  readonly #keeper: BoardKeeper;
  readonly #log: PoolLog;
  readonly #listener: CrewListener;
  readonly #events: CrewEvents;
  readonly #backOff = new BackOff();
  readonly #guard: Guard | undefined;
  /** Workers that were asked to end, or told that they cannot serve. */
  readonly #expected = new WeakSet<WorkerProcess>();
  /** Workers that were killed while they started, because they are not wanted any more. */
  readonly #dropped = new WeakSet<WorkerProcess>();

  constructor(
    settings: PoolSettings,
    keeper: BoardKeeper,
    log: PoolLog,
    listener: CrewListener,
    events: CrewEvents,
  ) {
    this.#settings = settings;
    this.#keeper = keeper;
    this.#log = log;
    this.#listener = listener;
    this.#events = events;
    const { name, drainTimeout } = settings;
    if (drainTimeout > 0) this.#guard = new Guard(name, drainTimeout + PATIENCE);
  }

  /** Workers of this generation that are to go on. */
  get current(): WorkerProcess[] {
    return [...this.all].filter(
      ({ generation, state }) => generation === this.generation && state !== "ending",
    );
  }

  /** Workers of earlier generations that still take connections. */
  get old(): WorkerProcess[] {
    return [...this.all].filter(
      ({ generation, state }) => generation !== this.generation && state !== "ending",
    );
  }

  /** @returns false when there is no room for one more on the scoreboard */
  start(): boolean {
    const slot = this.#keeper.take();
    if (slot === undefined) return false;
    const settings = this.#settings;
    const worker = new WorkerProcess(
      {
        settings: workerSettings(settings, slot, this.#listener.isTcp),
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

  /** Lets a worker end: at once, when it has not come to serve anything. */
  stop(worker: WorkerProcess, limit = this.#settings.drainTimeout): void {
    this.#expected.add(worker);
    if (worker.state !== "starting") {
      worker.stop(limit);
      return;
    }
    // Its application may be loading without an end.
    worker.state = "ending";
    this.#dropped.add(worker);
    worker.kill();
  }

  /** All workers are gone, and none is started any more. */
  close(): void {
    this.#guard?.close();
  }

  /** Looks at what all do: which are idle, late in starting, or have a request for too long. */
  inspect(): void {
    const now = preciseNow();
    for (const worker of this.all) {
      if (worker.state === "starting") this.#checkStart(worker, now);
      else this.#inspect(worker, now);
    }
  }

  ready(worker: WorkerProcess): void {
    this.#events.ready(worker);
  }

  failed(worker: WorkerProcess, reason: string, hint?: string): void {
    this.#expected.add(worker);
    this.#log.error(`child ${worker.pid} cannot load the application: ${reason}`);
    this.#events.failed(worker, reason, hint);
  }

  room(worker: WorkerProcess): void {
    this.#events.room(worker);
  }

  worn(worker: WorkerProcess): void {
    this.#events.worn(worker);
  }

  garbled(worker: WorkerProcess): void {
    this.#log.warning(
      `child ${worker.pid} wrote to the pool's channel what is no message, killing it`,
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
    this.#events.gone(worker, wasReady);
  }

  #pause(wasHealthy: boolean): void {
    const pause = this.#backOff.died(wasHealthy);
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + pause);
    if (pause > 0) this.#log.warning(`the next child starts in ${pause} ms: they die early`);
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

function workerSettings(settings: PoolSettings, slot: number, isTcp: boolean): WorkerSettings {
  const { application, protocol, name, mode, concurrency, maxRequests, slowlog } = settings;
  const { requestTerminateTimeout, requestSlowlogTimeout, drainTimeout, backlog } = settings;
  const { statusPath, pingPath, pingResponse, serve, identity } = settings;
  return {
    key: randomBytes(12).toString("base64url"),
    identity,
    ...{ application, protocol, name, mode, concurrency, maxRequests, slowlog, slot },
    ...{ requestTerminateTimeout, requestSlowlogTimeout, drainTimeout, backlog },
    ...{ statusPath, pingPath, pingResponse, serve, isTcp },
    places: settings.maxChildren * concurrency,
  };
}
