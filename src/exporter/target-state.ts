import type { ServerStatus } from "../apache/page/server-status.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { type FailureReason, failureReason } from "./failure-reason.js";
import type { ReadLimits, ReadTarget } from "./read-target.js";
import type { Sample } from "./sample.js";
import type { LogListener } from "./settings.js";
import type { ScrapeTarget } from "./target.js";

/** What is the same for all targets of an exporter. */
export interface StateContext {
  readonly read: ReadTarget;
  readonly log: LogListener;
}

/**
 * What an exporter knows of a target from one scrape to the next: the last result, the name of the
 * pool, the count of failures, and what was logged last.
 */
export class TargetState {
  target: ScrapeTarget;
  readonly #context: StateContext;
  #sample: Sample | undefined;
  /** When the last read ended, in milliseconds of the monotonic clock. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** Who waits for the read that is going on. `undefined` while there is none. */
  #waiting: (() => void)[] | undefined;
  #begunAt = 0;
  /** Whether an answer could not wait for the read that is going on. It counts as a failure. */
  #isLate = false;
  #pool = "";
  #failures = 0;
  /** Why the target has failed, as the log says. `undefined` before the first scrape. */
  #logged: FailureReason | "up" | undefined;
  #hasWarned = false;

  constructor(target: ScrapeTarget, context: StateContext) {
    this.target = target;
    this.#context = context;
  }

  /** The name of the pool: the last one that was read, or empty. */
  get pool(): string {
    return this.#pool;
  }

  get isReading(): boolean {
    return this.#waiting !== undefined;
  }

  /** The result of the last read. */
  get sample(): Sample | undefined {
    return this.#sample;
  }

  /** Whether the last read ended within `age` milliseconds before `now`. */
  isFresh(now: number, age: number): boolean {
    return now - this.#readAt <= age;
  }

  /** Other labels, or another timeout: everything but the address may have changed. */
  replace(target: ScrapeTarget): void {
    this.target = target;
    if (this.#sample !== undefined) this.#sample = { ...this.#sample, target };
  }

  /** Calls `done` at the end of the read that is going on, or of one that begins soon. */
  waitForRead(done: () => void): void {
    if (this.#waiting === undefined) {
      this.#waiting = [];
      this.#begunAt = performance.now();
    }
    this.#waiting.push(done);
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
    this.#readAt = performance.now();
    this.#take(status, error, this.#readAt - started);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#isLate = false;
    for (const done of waiting) done();
  }

  /** The sample of an answer that cannot wait any longer. */
  late(): Sample {
    const message = "the answer could not wait until the target was read";
    const hint = "see which targets are slow, or raise the timeout of the scrape";
    const { address } = this.target;
    const error = new GatewayError(ErrorCode.Deadline, message, { address, hint });
    if (!this.#isLate) {
      this.#isLate = true;
      this.#failures++;
      if (this.#logged === undefined || this.#logged === "up") this.#report("deadline", error);
    }
    return this.#sampleOf(undefined, error, "deadline", performance.now() - this.#begunAt);
  }

  #take(
    status: PoolStatus | ServerStatus | undefined,
    error: GatewayError | undefined,
    elapsed: number,
  ): void {
    const reason = error && failureReason(error, this.target.kind);
    if (error !== undefined && !this.#isLate) this.#failures++;
    if (status !== undefined && this.target.kind === "phpfpm") {
      this.#pool = (status as PoolStatus).pool ?? this.#pool;
      this.#warnOnce(status as PoolStatus);
    }
    // A read that was too late for its answer does not make the target answer in time.
    if (reason !== undefined || !this.#isLate) this.#report(reason ?? "up", error);
    this.#sample = this.#sampleOf(status, error, reason, elapsed);
  }

  #sampleOf(
    status: PoolStatus | ServerStatus | undefined,
    error: GatewayError | undefined,
    reason: FailureReason | undefined,
    elapsed: number,
  ): Sample {
    const { target } = this;
    const scrape = {
      target,
      error,
      reason,
      time: Date.now(),
      // Microseconds: the clock has no more, and its noise would be digits of a metric.
      elapsed: Math.round(elapsed * 1_000) / 1_000,
      failures: this.#failures,
    };
    return target.kind === "phpfpm"
      ? { kind: "phpfpm", ...scrape, status: status as PoolStatus | undefined, pool: this.#pool }
      : { kind: "apache", ...scrape, status: status as ServerStatus | undefined };
  }

  /** Anything but an error of ours is a fault of this program, and must not end the scrape. */
  #explain(thrown: unknown): GatewayError {
    const { address } = this.target;
    if (thrown instanceof GatewayError) return thrown.with({ address });
    const message = `the scrape failed: ${String(thrown)}`;
    const hint = "this is a fault of the exporter: please report it";
    return new GatewayError(ErrorCode.BadInput, message, { address, hint, cause: thrown });
  }

  /** Logs a change of the target's state, and nothing while it stays. */
  #report(state: FailureReason | "up", error: GatewayError | undefined): void {
    const before = this.#logged;
    if (state === before) return;
    this.#logged = state;
    const { address, source } = this.target;
    const about = { target: address, pool: this.#pool, source };
    if (state !== "up") {
      const { message, hint } = error ?? {};
      const level = state === "other" ? "error" : "warn";
      const text = "the target cannot be read";
      this.#context.log({ level, message: text, ...about, reason: state, error: message, hint });
    } else if (before === undefined) {
      this.#context.log({ level: "debug", message: "the target answers", ...about });
    } else {
      this.#context.log({ level: "info", message: "the target answers again", ...about });
    }
  }

  /** Logs once that a pool's numbers do not add up: PHP-FPM counts without a lock. */
  #warnOnce(status: PoolStatus): void {
    if (this.#hasWarned) return;
    const { idleProcesses = 0, activeProcesses = 0, totalProcesses, warnings } = status;
    const sum = idleProcesses + activeProcesses;
    const isWrong = totalProcesses !== undefined && sum !== totalProcesses;
    const counts = isWrong
      ? [`${idleProcesses} idle and ${activeProcesses} active are not ${totalProcesses} in total`]
      : [];
    const error = [...counts, ...warnings].join("; ");
    if (error === "") return;
    this.#hasWarned = true;
    const { address, source } = this.target;
    const message = "the numbers of the pool do not add up";
    this.#context.log({
      level: "warn",
      message,
      target: address,
      pool: this.#pool,
      source,
      error,
      hint: "PHP-FPM counts without a lock; this is logged once for each pool",
    });
  }
}
