import { setMaxListeners } from "node:events";
import { checkFunction, checkObject } from "../arguments.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkWait } from "../numbers.js";
import { pause, type RetryOptions, retry } from "./retry.js";
import { type FleetTargets, TargetReader } from "./target-reader.js";

/** The result of one target. `elapsed` is milliseconds, including retries. */
export type FleetResult<Value> =
  | { target: string; ok: true; value: Value; elapsed: number }
  | { target: string; ok: false; error: GatewayError; elapsed: number };

/** Reads one target. It must settle within `timeout` milliseconds, and soon after an abort. */
export type Probe<Value> = (
  target: string,
  options: { timeout: number; signal: AbortSignal },
) => Promise<Value>;

export interface FleetOptions extends RetryOptions {
  /** How many targets are probed at once. Default: 256. */
  concurrency?: number | undefined;
  /** Each target starts after a random time of up to this many milliseconds. Default: 0, at once. */
  jitter?: number | undefined;
}

/**
 * Runs a probe on any number of targets, which may come from a generator, and yields the results in
 * the order of completion. No more than `concurrency` targets and results are in memory at a time: a
 * slow consumer slows the probes down. Leaving the loop early, or aborting `signal`, cancels the
 * probes that are running.
 *
 * @param onEnd called after the last probe has ended
 * @throws GatewayError `bad_input` for a concurrency that is not 1 or more; what the targets throw;
 * TypeError for a target that is not a string, and for a probe that is not a function
 */
export async function* probeAll<Value>(
  targets: FleetTargets,
  probe: Probe<Value>,
  options: FleetOptions = {},
  onEnd?: () => Promise<void>,
): AsyncGenerator<FleetResult<Value>, void, undefined> {
  const run = new FleetRun(targets, probe, options);
  try {
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) {
      for (const result of batch) {
        run.release();
        yield result;
      }
    }
  } finally {
    await run.close();
    await onEnd?.();
  }
}

/**
 * Does as {@link probeAll}, and yields lists of the results that have come in. A list costs less than
 * its results one by one.
 */
export async function* probeInBatches<Value>(
  targets: FleetTargets,
  probe: Probe<Value>,
  options: FleetOptions = {},
  onEnd?: () => Promise<void>,
): AsyncGenerator<FleetResult<Value>[], void, undefined> {
  const run = new FleetRun(targets, probe, options);
  try {
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) yield batch;
  } finally {
    await run.close();
    await onEnd?.();
  }
}

/** Temporary errors, after which another attempt may succeed. */
const temporary: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.BacklogFull,
  ErrorCode.Refused,
  ErrorCode.ConnectFailed,
  ErrorCode.ClosedWithoutAnswer,
  ErrorCode.Truncated,
  ErrorCode.Overloaded,
  ErrorCode.ServerBusy,
]);

/**
 * A fleet under way: starts probes while there are targets and room for their results.
 *
 * Results are handed on in the order of completion, all of one turn of the event loop at once:
 * a promise for each would cost more.
 */
class FleetRun<Value> {
  readonly #targets: TargetReader;
  readonly #probe: Probe<Value>;
  readonly #options: FleetOptions;
  readonly #concurrency: number;
  readonly #cancel = new AbortController();
  readonly #signal: AbortSignal;
  #running = 0;
  #finished: FleetResult<Value>[] = [];
  /** How many results the consumer has taken and not yet released. */
  #held = 0;
  #wake: (() => void) | undefined;
  #isWaking = false;

  /** @throws GatewayError `bad_input` for a concurrency that is not 1 or more, and a bad jitter */
  constructor(targets: FleetTargets, probe: Probe<Value>, options: FleetOptions) {
    checkFunction("probe", probe);
    checkObject("options", options);
    const { concurrency = 256, jitter = 0, signal } = options;
    checkWait("jitter", jitter);
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new GatewayError(ErrorCode.BadInput, `concurrency is ${concurrency}, not 1 or more`);
    }
    this.#probe = probe;
    this.#concurrency = concurrency;
    this.#signal = signal ? AbortSignal.any([signal, this.#cancel.signal]) : this.#cancel.signal;
    // Each running probe may listen to it, which is not a leak.
    setMaxListeners(0, this.#signal);
    this.#options = { ...options, signal: this.#signal };
    this.#targets = new TargetReader(targets, () => this.#feed());
    this.#signal.addEventListener("abort", () => this.#stopFeeding());
    if (this.#signal.aborted) this.#stopFeeding();
  }

  /**
   * The results that have come in since the last call, all of which are released. Waits for one.
   *
   * @returns undefined after the last one
   * @throws what the targets throw, after the last result
   */
  async next(): Promise<FleetResult<Value>[] | undefined> {
    this.#held = 0;
    this.#feed();
    while (this.#finished.length === 0) {
      if (this.#running === 0 && this.#targets.isAtEnd) {
        if (this.#targets.failure !== undefined) throw this.#targets.failure.error;
        return undefined;
      }
      await this.#change();
    }
    const batch = this.#finished;
    this.#finished = [];
    this.#held = batch.length;
    return batch;
  }

  /** Makes room for another target: the consumer has one result of the last batch less in memory. */
  release(): void {
    this.#held--;
    this.#feed();
  }

  /** Cancels the probes that are running, and waits for them. */
  async close(): Promise<void> {
    this.#cancel.abort();
    while (this.#running > 0) await this.#change();
  }

  #stopFeeding(): void {
    this.#targets.close();
    this.#announce();
  }

  #feed(): void {
    while (this.#running + this.#finished.length + this.#held < this.#concurrency) {
      const target = this.#targets.next();
      if (target === undefined) {
        if (this.#targets.isAtEnd) this.#announce();
        return;
      }
      this.#start(target);
    }
  }

  #start(target: string): void {
    this.#running++;
    const started = performance.now();
    this.#ask(target).then(
      (value) => this.#settle({ target, ok: true, value, elapsed: performance.now() - started }),
      (error: unknown) => {
        const elapsed = performance.now() - started;
        this.#settle({ target, ok: false, error: asGatewayError(error, target), elapsed });
      },
    );
  }

  #ask(target: string): Promise<Value> {
    const { jitter = 0 } = this.#options;
    const signal = this.#signal;
    // Async, so that what a probe throws at once is its target's result as well.
    const ask = async (timeout: number) => this.#probe(target, { timeout, signal });
    if (jitter === 0) return retry(ask, temporary, this.#options);
    const started = pause(Math.random() * jitter, signal);
    return started.then(() => retry(ask, temporary, this.#options));
  }

  #settle(result: FleetResult<Value>): void {
    this.#running--;
    this.#finished.push(result);
    this.#announce();
  }

  /** Settles after the turn of the event loop in which something has changed. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #announce(): void {
    if (this.#isWaking || this.#wake === undefined) return;
    this.#isWaking = true;
    setImmediate(() => {
      const wake = this.#wake;
      this.#isWaking = false;
      this.#wake = undefined;
      wake?.();
    });
  }
}

function asGatewayError(error: unknown, address: string): GatewayError {
  if (error instanceof GatewayError) return error.with({ address });
  const message = `the probe failed: ${String(error)}`;
  return new GatewayError(ErrorCode.BadInput, message, { address, cause: error });
}
