/** When what is read. */
export interface PollerOptions<Target> {
  /** Milliseconds from the start of a read to that of the next. A longer read delays only itself. */
  readonly interval: number;
  /** Reads a target. It settles in a bounded time, and never throws. */
  readonly read: (target: Target) => Promise<void>;
}

interface Entry<Target> {
  readonly target: Target;
  /** Its place among the targets. */
  index: number;
  /** When to read next, in milliseconds of the monotonic clock. */
  due: number;
  /** When the read that is going on began. */
  startedAt: number | undefined;
}

/** The most reads that are young. A read that has lasted takes no CPU, and holds none back. */
const MOST_YOUNG = 128;
/** Milliseconds for which a read is young. */
const YOUNG = 250;

/**
 * Reads targets again and again, each on its own interval: one that does not answer delays no other.
 * All are read at once first. Then they are spread over the interval.
 */
export class Poller<Target> {
  readonly #options: PollerOptions<Target>;
  readonly #start = performance.now();
  #entries: Entry<Target>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isPaused = false;
  #isClosed = false;
  #isWaking = false;

  constructor(options: PollerOptions<Target>) {
    this.#options = options;
  }

  /** Replaces the targets. Those that stay keep their turns. */
  set(targets: readonly Target[]): void {
    const known = new Map(this.#entries.map((entry) => [entry.target, entry]));
    this.#entries = targets.map((target, index) => {
      const entry = known.get(target) ?? { target, index, due: 0, startedAt: undefined };
      entry.index = index;
      return entry;
    });
    this.#startDue();
  }

  /** Reads a target now, or at the end of the read that is going on. */
  readNow(target: Target): void {
    const entry = this.#entries.find((each) => each.target === target);
    if (entry === undefined) return;
    entry.due = 0;
    this.#startDue();
  }

  /** Starts no more reads until {@link Poller.resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#startDue();
  }

  /** Starts no more reads. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #startDue(): void {
    clearTimeout(this.#timer);
    if (this.#isPaused || this.#isClosed) return;
    const now = performance.now();
    let young = 0;
    for (const { startedAt } of this.#entries) {
      if (startedAt !== undefined && now - startedAt < YOUNG) young++;
    }
    let next = now + this.#options.interval;
    for (const entry of this.#entries) {
      if (entry.startedAt !== undefined) continue;
      if (entry.due > now) next = Math.min(next, entry.due);
      else if (young < MOST_YOUNG) {
        young++;
        this.#read(entry, now);
      } else next = now + YOUNG;
    }
    this.#timer = setTimeout(() => this.#startDue(), Math.max(1, next - now));
  }

  #read(entry: Entry<Target>, now: number): void {
    entry.startedAt = now;
    entry.due = Number.POSITIVE_INFINITY;
    void this.#options.read(entry.target).then(() => {
      entry.startedAt = undefined;
      // It was asked for again meanwhile.
      if (entry.due !== 0) entry.due = this.#nextTurn(entry, now);
      this.#wake();
    });
  }

  /** The next turn of an entry that is at least half an interval after the last one. */
  #nextTurn(entry: Entry<Target>, last: number): number {
    const { interval } = this.#options;
    const first = this.#start + (interval * entry.index) / Math.max(1, this.#entries.length);
    const earliest = Math.max(performance.now(), last + interval / 2);
    return first + Math.ceil((earliest - first) / interval) * interval;
  }

  /** Looks once after all reads that end in this turn of the event loop. */
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      this.#startDue();
    });
  }
}
