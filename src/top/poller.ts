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
/** Milliseconds between two looks for targets that are due: each look goes through all of them. */
const LEAST_PAUSE = 10;

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
  /** Whether a target is due and waits until fewer reads are young. */
  #isHeld = false;
  /** When the timer looks for targets that are due. */
  #next = 0;

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
    this.#isHeld = false;
    for (const entry of this.#entries) {
      if (entry.startedAt !== undefined) continue;
      if (entry.due > now) next = Math.min(next, entry.due);
      else if (young < MOST_YOUNG) {
        young++;
        this.#read(entry, now);
      } else {
        this.#isHeld = true;
        next = Math.min(next, now + YOUNG);
      }
    }
    this.#schedule(next, now);
  }

  #schedule(next: number, now: number): void {
    clearTimeout(this.#timer);
    this.#next = Math.max(next, now + LEAST_PAUSE);
    this.#timer = setTimeout(() => this.#startDue(), this.#next - now);
  }

  #read(entry: Entry<Target>, now: number): void {
    entry.startedAt = now;
    entry.due = Number.POSITIVE_INFINITY;
    void this.#options.read(entry.target).then(() => {
      entry.startedAt = undefined;
      const ended = performance.now();
      // It was asked for again meanwhile.
      entry.due = entry.due === 0 ? ended : this.#nextTurn(entry, now);
      if (this.#isPaused || this.#isClosed) return;
      const next = this.#isHeld ? ended : entry.due;
      if (next < this.#next - LEAST_PAUSE) this.#schedule(next, ended);
    });
  }

  /** The next turn of an entry that is at least half an interval after the last one. */
  #nextTurn(entry: Entry<Target>, last: number): number {
    const { interval } = this.#options;
    const first = this.#start + (interval * entry.index) / Math.max(1, this.#entries.length);
    const earliest = Math.max(performance.now(), last + interval / 2);
    return first + Math.ceil((earliest - first) / interval) * interval;
  }
}
