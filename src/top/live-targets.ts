import { listenerOf, PoolConnections } from "../phpfpm/pool-connections.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import { LiveTarget, type TargetPlace } from "./live-target.js";
import { Poller } from "./poller.js";
import { type HttpPageRequest, readPage } from "./read-page.js";

export interface LiveTargetsOptions {
  /** Milliseconds from one read of a target to the next. */
  readonly interval: number;
  /** Milliseconds that a read may take. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** How the pages of httpds are requested. */
  readonly request: HttpPageRequest;
  /** Called when something has changed. */
  readonly onChange: () => void;
}

/** Up to so many pools are read with their processes, so that they are there before they are needed. */
const MOST_FULL = 32;
/** Milliseconds between two readings of the accept queues. */
const QUEUES_INTERVAL = 1_000;

/** The targets, kept up to date: pages by a {@link Poller}, accept queues by the kernel's tables. */
export class LiveTargets {
  readonly #options: LiveTargetsOptions;
  readonly #poller: Poller<LiveTarget>;
  readonly #queues = new AcceptQueues();
  readonly #connections = new PoolConnections();
  #targets: readonly LiveTarget[] = [];
  #opened: LiveTarget | undefined;
  #queuesTimer: NodeJS.Timeout | undefined;
  #frozenAt: number | undefined;

  constructor(options: LiveTargetsOptions) {
    this.#options = options;
    const { interval } = options;
    this.#poller = new Poller({ interval, read: (target) => this.#read(target) });
  }

  get all(): readonly LiveTarget[] {
    return this.#targets;
  }

  get interval(): number {
    return this.#options.interval;
  }

  /** The monotonic clock, in milliseconds, which stands still while the targets are frozen. */
  get now(): number {
    return this.#frozenAt ?? performance.now();
  }

  get isFrozen(): boolean {
    return this.#frozenAt !== undefined;
  }

  /** Replaces the targets. One whose address stays keeps what is known of it. */
  set(places: readonly TargetPlace[]): void {
    const known = new Map(this.#targets.map((target) => [target.place.address, target]));
    const targets = new Map<string, LiveTarget>();
    for (const place of places) {
      const target = known.get(place.address) ?? new LiveTarget(place);
      target.place = place;
      targets.set(place.address, target);
    }
    this.#targets = [...targets.values()];
    this.#poller.set(this.#targets);
    if (this.#queuesTimer === undefined) void this.#readQueues();
    this.#options.onChange();
  }

  /** Reads one target with its processes or workers, now and each time. */
  open(target: LiveTarget | undefined): void {
    this.#opened = target;
    if (target !== undefined) this.#poller.readNow(target);
  }

  /** Reads a target now. */
  readNow(target: LiveTarget): void {
    this.#poller.readNow(target);
  }

  /** Keeps everything as it is, and reads nothing, until {@link LiveTargets.thaw}. */
  freeze(): void {
    this.#frozenAt = performance.now();
    this.#poller.pause();
  }

  thaw(): void {
    this.#frozenAt = undefined;
    this.#poller.resume();
  }

  close(): void {
    this.#poller.close();
    this.#connections.close();
    clearTimeout(this.#queuesTimer);
    this.#queuesTimer = undefined;
  }

  async #read(target: LiveTarget): Promise<void> {
    const { timeout, signal, request, onChange } = this.#options;
    const isPool = target.place.kind === "phpfpm";
    const full = target === this.#opened || (isPool && this.#targets.length <= MOST_FULL);
    target.readingSince = performance.now();
    try {
      const page = await readPage(target, { timeout, signal, full }, request, this.#connections);
      // A page that came while the targets are frozen is dropped.
      if (!this.isFrozen) target.take(page, performance.now());
    } catch (error) {
      if (!this.isFrozen) target.fail(error as Parameters<LiveTarget["fail"]>[0]);
    }
    target.readingSince = undefined;
    onChange();
  }

  async #readQueues(): Promise<void> {
    this.#queuesTimer = setTimeout(() => void this.#readQueues(), QUEUES_INTERVAL);
    if (this.isFrozen) return;
    const sockets = this.#targets.flatMap(({ queueSocket }) => queueSocket ?? []);
    if (sockets.length === 0) return;
    const table = await this.#queues.read({
      unix: sockets.some((socket) => "socketPath" in socket),
      tcp: sockets.some((socket) => "port" in socket),
    });
    if (this.isFrozen) return;
    const unanswered = this.#connections.unanswered();
    for (const target of this.#targets) {
      const { queueSocket: socket } = target;
      const isAny = unanswered.size > 0 && socket !== undefined;
      target.takeQueue(table, isAny ? (unanswered.get(listenerOf(socket)) ?? 0) : 0);
    }
    this.#options.onChange();
  }
}
