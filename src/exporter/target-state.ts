import type { ServerStatus } from "../apache/page/server-status.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { dropRequests } from "../status-page/drop-requests.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { explainThrown, type FailureReason, failureReason } from "./failure-reason.js";
import { PoolOpcache } from "./pool-opcache.js";
import type { ReadLimits, ReadTarget } from "./read-target.js";
import type { PoolSample, Sample } from "./sample.js";
import type { LogListener } from "./settings.js";
import { isShared } from "./shared-reads.js";
import type { ScrapeTarget } from "./target.js";
import { TargetLog } from "./target-log.js";

/** What is the same for all targets of an exporter. */
export interface StateContext {
  readonly read: ReadTarget;
  readonly log: LogListener;
}

/**
 * What an exporter knows of a target from one scrape to the next: the last result, the name of the
 * pool, and the count of failures.
 */
export class TargetState {
  target: ScrapeTarget;
  /** The result of the last read. */
  sample: Sample | undefined;
  readonly #context: StateContext;
  readonly #log: TargetLog;
  readonly #opcache = new PoolOpcache();
  /** When the last read ended, in milliseconds of the monotonic clock. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** Who waits for the read that is going on. `undefined` while there is none. */
  #waiting: ((sample: Sample) => void)[] | undefined;
  #begunAt = 0;
  /** Whether one of those who wait wants to see the requests of the processes. */
  #keepsRequests = false;
  /** Whether the last result has them, where there are any. */
  #hasRequests = false;
  /** Whether an answer could not wait for the read that is going on. It counts as a failure. */
  #isLate = false;
  /** The result of the read that is going on, if all but OPcache is there. */
  #withoutOpcache: PoolSample | undefined;
  #pool = "";
  #failures = 0;
  readonly #knownSince = Date.now();

  constructor(target: ScrapeTarget, context: StateContext) {
    this.target = target;
    this.#context = context;
    this.#log = new TargetLog(context.log);
  }

  /** The name of the pool: the last one that was read, or empty. */
  get pool(): string {
    return this.#pool;
  }

  get isReading(): boolean {
    return this.#waiting !== undefined;
  }

  /**
   * The result of the last read, if that ended within `age` milliseconds before `now`.
   *
   * @param withRequests whether a result without the requests of the processes is not enough
   */
  freshSample(now: number, age: number, withRequests = false): Sample | undefined {
    if (withRequests && !this.#hasRequests) return undefined;
    return now - this.#readAt <= age ? this.sample : undefined;
  }

  /** Forgets the result of the last read if that ended longer than `age` milliseconds before `now`. */
  dropSample(now: number, age: number): void {
    if (this.freshSample(now, age) === undefined) this.sample = undefined;
  }

  /** Other labels, or another timeout: everything but the address may have changed. */
  replace(target: ScrapeTarget): void {
    this.target = target;
    if (this.sample !== undefined) this.sample = { ...this.sample, target };
  }

  /**
   * Calls `done` at the end of the read that is going on, or of one that begins soon.
   *
   * @param withRequests whether the result has to have the requests of the processes
   */
  waitForRead(done: (sample: Sample) => void, withRequests: boolean): void {
    this.#keepsRequests ||= withRequests;
    if (this.#waiting !== undefined) {
      this.#waiting.push(done);
      return;
    }
    this.#waiting = [done];
    this.#begunAt = performance.now();
  }

  /** Reads the target. It never throws. */
  async read(limits: Omit<ReadLimits, "timeout">): Promise<void> {
    const { target } = this;
    const started = performance.now();
    this.#begunAt = started;
    let status: PoolStatus | ServerStatus | undefined;
    let error: GatewayError | undefined;
    try {
      status = await this.#context.read(target, { ...limits, timeout: target.timeout });
    } catch (thrown) {
      error = this.#explain(thrown);
    }
    const sample = await this.#complete(
      this.#take(status, error, performance.now() - started),
      limits,
    );
    this.#readAt = performance.now();
    const hasNone = sample.kind === "apache" || sample.status === undefined;
    if (!hasNone && !this.#keepsRequests && !isShared(sample.status)) dropRequests(sample.status);
    this.#hasRequests = hasNone || this.#keepsRequests;
    this.#keepsRequests = false;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#isLate = false;
    this.sample = sample;
    for (const done of waiting) done(sample);
  }

  /** The sample of an answer that cannot wait any longer. */
  late(): Sample {
    if (this.#withoutOpcache !== undefined) return this.#withoutOpcache;
    const message = "the answer could not wait until the target was read";
    const { address, kind } = this.target;
    const hint =
      kind === "phpfpm"
        ? "every worker may be busy: fcgi-probe doctor TARGET says why; or raise the timeout of the scrape"
        : "see whether the httpd is slow, or raise the timeout of the scrape";
    const error = new GatewayError(ErrorCode.Deadline, message, { address, hint });
    if (!this.#isLate) {
      this.#isLate = true;
      this.#failures++;
      this.#log.late(this.target, this.#pool, error);
    }
    return this.#sampleOf(undefined, error, "deadline", performance.now() - this.#begunAt);
  }

  /**
   * Adds OPcache to the result of a pool, where there is a script that tells it, in what is left of
   * the target's time. It is read after the status: so the status does not count the script as a
   * request, and a pool that is down gets no second connection.
   */
  async #complete(sample: Sample, limits: Omit<ReadLimits, "timeout">): Promise<Sample> {
    const { target } = sample;
    if (sample.kind !== "phpfpm" || sample.status === undefined) return sample;
    if (target.opcache === undefined) return sample;
    this.#withoutOpcache = sample;
    const timeout = Math.max(1, target.timeout - sample.elapsed);
    const complete = await this.#opcache.addTo(sample, target.opcache, { ...limits, timeout });
    this.#withoutOpcache = undefined;
    this.#log.opcache(complete);
    return complete;
  }

  #take(
    status: PoolStatus | ServerStatus | undefined,
    error: GatewayError | undefined,
    elapsed: number,
  ): Sample {
    const { target } = this;
    const reason = error && failureReason(error, target.kind);
    if (status !== undefined && target.kind === "phpfpm") {
      this.#pool = (status as PoolStatus).pool ?? this.#pool;
      this.#log.checkNumbers(target, this.#pool, status as PoolStatus);
    }
    if (reason !== undefined) {
      if (!this.#isLate) this.#failures++;
      this.#log.down(target, this.#pool, reason, error as GatewayError);
    } else if (!this.#isLate) {
      // A read that was too late for its answer does not count.
      this.#log.up(target, this.#pool);
    }
    return this.#sampleOf(status, error, reason, elapsed);
  }

  #sampleOf(
    status: PoolStatus | ServerStatus | undefined,
    error: GatewayError | undefined,
    reason: FailureReason | undefined,
    elapsed: number,
  ): Sample {
    const { target } = this;
    const failures = this.#failures;
    const knownSince = this.#knownSince;
    const time = Date.now();
    // Microseconds: the clock has no more, and its noise would be digits of a metric.
    const took = Math.round(elapsed * 1_000) / 1_000;
    const scrape = { target, error, reason, time, elapsed: took, failures, knownSince };
    if (target.kind === "apache") {
      return { kind: "apache", ...scrape, status: status as ServerStatus | undefined };
    }
    // Every field has its place from the start. Those that are added to a literal with a spread are
    // kept in a second object, and so are those of all copies.
    return {
      kind: "phpfpm",
      target,
      error,
      reason,
      time,
      elapsed: took,
      failures,
      knownSince,
      status: status as PoolStatus | undefined,
      pool: this.#pool,
      queue: undefined,
      diagnoses: undefined,
      opcache: undefined,
      opcacheError: undefined,
    };
  }

  /** Anything but an error of ours is a fault of this program, and must not end the scrape. */
  #explain(thrown: unknown): GatewayError {
    return explainThrown("the scrape failed", thrown).with({ address: this.target.address });
  }
}
