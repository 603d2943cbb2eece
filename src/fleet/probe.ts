import { setMaxListeners } from "node:events";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultTimeout } from "../limits.js";

export interface RetryOptions {
  /** Milliseconds for one target, including its retries. Default: 5,000. */
  timeout?: number | undefined;
  /** How many times a target is tried again after a temporary error. Default: 1; 0 never retries. */
  retries?: number | undefined;
  /** Cancels the attempts that are running, and starts no more. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds before the first retry, on average. Each further pause is twice as long. */
const RETRY_PAUSE = 100;

/**
 * Calls a function, and calls it again after a pause if it fails with one of these codes and there is
 * time left. Nothing else in the package retries, except that a
 * request whose kept connection closed unanswered is sent again on another one.
 *
 * @param ask gets the milliseconds that are left
 * @throws what the last call throws
 */
export async function retry<Value>(
  ask: (timeout: number) => Promise<Value>,
  codes: ReadonlySet<ErrorCode>,
  { timeout = defaultTimeout, retries = 1, signal }: RetryOptions,
): Promise<Value> {
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    // The first timeout is exact, because messages name it.
    const left = attempt === 0 ? timeout : timeout - (performance.now() - started);
    try {
      return await ask(Math.max(1, left));
    } catch (error) {
      const wait = RETRY_PAUSE * 2 ** attempt * (0.5 + Math.random());
      const again =
        attempt < retries &&
        error instanceof GatewayError &&
        codes.has(error.code) &&
        performance.now() - started + wait < timeout &&
        signal?.aborted !== true;
      if (!again) throw error;
      await pause(wait, signal);
    }
  }
}

/** Waits until the time has passed or the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

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
  /** Each target starts after a random time of up to this many milliseconds. Default: 0. */
  jitter?: number | undefined;
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
 * Runs a probe on any number of targets, which may come from a generator, and yields the results in
 * the order of completion. No more than `concurrency` targets and results are in memory at a time: a
 * slow consumer slows the probes down. Leaving the loop early, or aborting `signal`, cancels the
 * probes that are running.
 *
 * @throws GatewayError `bad_input` for a concurrency that is not 1 or more; what the targets throw
 */
export async function* probeAll<Value>(
  targets: Iterable<string> | AsyncIterable<string>,
  probe: Probe<Value>,
  options: FleetOptions = {},
): AsyncGenerator<FleetResult<Value>, void, undefined> {
  const concurrency = options.concurrency ?? 256;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new GatewayError(ErrorCode.BadInput, `concurrency is ${concurrency}, not 1 or more`);
  }
  const cancel = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, cancel.signal]) : cancel.signal;
  // Each running probe may listen to it, which is not a leak.
  setMaxListeners(0, signal);
  const source = iteratorOf(targets);
  const finished: FleetResult<Value>[] = [];
  const change = new Change();
  let running = 0;
  let feeding = true;
  const feeder = feed().finally(() => {
    feeding = false;
    change.announce();
  });
  feeder.catch(() => {});
  try {
    while (feeding || running > 0 || finished.length > 0) {
      if (finished.length === 0) await change.next();
      while (finished.length > 0) {
        yield finished.shift() as FleetResult<Value>;
        change.announce();
      }
    }
    await feeder;
  } finally {
    cancel.abort();
    change.announce();
    while (running > 0) await change.next();
    void source.return?.();
  }

  async function feed(): Promise<void> {
    while (!signal.aborted) {
      if (running + finished.length >= concurrency) {
        await change.next();
        continue;
      }
      const next = await source.next();
      if (next.done === true || signal.aborted) return;
      running++;
      void probeOne(next.value, probe, options, signal).then((result) => {
        running--;
        finished.push(result);
        change.announce();
      });
    }
  }
}

/** Runs a probe on one target. It never throws. */
async function probeOne<Value>(
  target: string,
  probe: Probe<Value>,
  { jitter = 0, timeout, retries }: FleetOptions,
  signal: AbortSignal,
): Promise<FleetResult<Value>> {
  if (jitter > 0) await pause(Math.random() * jitter, signal);
  const started = performance.now();
  try {
    const ask = (left: number): Promise<Value> => probe(target, { timeout: left, signal });
    const value = await retry(ask, temporary, { timeout, retries, signal });
    return { target, ok: true, value, elapsed: performance.now() - started };
  } catch (error) {
    const elapsed = performance.now() - started;
    return { target, ok: false, error: asGatewayError(error, target), elapsed };
  }
}

function asGatewayError(error: unknown, address: string): GatewayError {
  if (error instanceof GatewayError) return error.with({ address });
  const message = `the probe failed: ${String(error)}`;
  return new GatewayError(ErrorCode.BadInput, message, { address, cause: error });
}

/** An event that several functions can wait for, any number of times. */
class Change {
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  /** Settles at the next change. */
  next(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  announce(): void {
    const resolve = this.#resolve;
    this.#promise = undefined;
    this.#resolve = undefined;
    resolve?.();
  }
}

function iteratorOf(
  targets: Iterable<string> | AsyncIterable<string>,
): AsyncIterator<string> | Iterator<string> {
  return Symbol.asyncIterator in targets
    ? targets[Symbol.asyncIterator]()
    : targets[Symbol.iterator]();
}
