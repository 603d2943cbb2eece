/** How many requests to send, and when. */
export interface ScheduleOptions {
  /** Requests in all; undefined: no limit. */
  requests: number | undefined;
  /** Milliseconds during which requests are sent; undefined: no limit. */
  duration: number | undefined;
  /** Requests a second; undefined: as soon as the one before has been answered. */
  rate: number | undefined;
}

/** Milliseconds by which the timer of a request that is due before the end may be late. */
const LATE = 50;

/**
 * Says when requests are due. With a rate, request number i is due i/rate seconds after the start,
 * whether or not the ones before have been answered, so that a backend that stalls is seen in all the
 * requests that it would have kept waiting.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #start: number;
  #count = 0;
  #isStopped = false;

  /** @param start when the first request is due, by `performance.now()` */
  constructor(options: ScheduleOptions, start: number) {
    this.#options = options;
    this.#start = start;
  }

  /** Requests that have been taken. */
  get count(): number {
    return this.#count;
  }

  /** How many requests were due by `now` and have not been taken. 0 without a rate. */
  overdue(now: number): number {
    const { requests = Number.POSITIVE_INFINITY, duration, rate } = this.#options;
    if (rate === undefined) return 0;
    const time = Math.min(now - this.#start, duration ?? Number.POSITIVE_INFINITY);
    return Math.max(0, Math.min(requests, Math.ceil((time * rate) / 1_000)) - this.#count);
  }

  /** Whether no further request is due. */
  isOver(now: number): boolean {
    const { requests, duration } = this.#options;
    if (this.#isStopped) return true;
    if (requests !== undefined && this.#count >= requests) return true;
    if (duration === undefined) return false;
    const end = this.#start + duration;
    return this.#next(now) >= end || now >= end + LATE;
  }

  /** When the next request is due. */
  next(now: number): number | undefined {
    return this.isOver(now) ? undefined : this.#next(now);
  }

  /** Takes the next request if it is due. Returns when it was due. */
  take(now: number): number | undefined {
    const next = this.next(now);
    if (next === undefined || next > now) return undefined;
    this.#count++;
    return next;
  }

  /** No further request is due. */
  stop(): void {
    this.#isStopped = true;
  }

  #next(now: number): number {
    const { rate } = this.#options;
    return rate === undefined ? now : this.#start + (this.#count * 1_000) / rate;
  }
}
