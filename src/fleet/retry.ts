import type { ErrorCode } from "../errors.js";
import { GatewayError } from "../errors.js";
import { defaultTimeout, MAX_TIMER } from "../limits.js";

export interface RetryOptions {
  /** Milliseconds for one target, including its retries. Default: 5,000; 0 leaves no time. */
  timeout?: number | undefined;
  /** How many times a target is tried again after a temporary error. Default: 1; 0 never retries. */
  retries?: number | undefined;
  /** Cancels the attempts that are running, and starts no more. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds before the first retry, on average. Each further pause is twice as long. */
const RETRY_PAUSE = 100;

type Ask<Value> = (timeout: number) => Promise<Value>;

/**
 * Calls a function, and calls it again after a pause if it fails with one of these codes and there is
 * time left. Nothing else in the package retries, except that a
 * request whose kept connection closed unanswered is sent again on another one.
 *
 * @param ask gets the milliseconds that are left
 * @returns rejects with what the last call throws
 */
export function retry<Value>(
  ask: Ask<Value>,
  codes: ReadonlySet<ErrorCode>,
  options: RetryOptions,
): Promise<Value> {
  // Exact, because messages name it.
  const { timeout = defaultTimeout, retries = 1 } = options;
  if (retries === 0) return ask(timeout);
  const started = performance.now();
  return ask(timeout).catch((error: unknown) => askAgain(error, started, ask, codes, options));
}

async function askAgain<Value>(
  firstError: unknown,
  started: number,
  ask: Ask<Value>,
  codes: ReadonlySet<ErrorCode>,
  { timeout = defaultTimeout, retries = 1, signal }: RetryOptions,
): Promise<Value> {
  let error = firstError;
  for (let attempt = 0; attempt < retries; attempt++) {
    const wait = RETRY_PAUSE * 2 ** attempt * (0.5 + Math.random());
    const again =
      error instanceof GatewayError &&
      codes.has(error.code) &&
      performance.now() - started + wait < timeout &&
      signal?.aborted !== true;
    if (!again) break;
    await pause(wait, signal);
    try {
      return await ask(Math.max(1, timeout - (performance.now() - started)));
    } catch (latest) {
      error = latest;
    }
  }
  throw error;
}

/** Waits until the time has passed or the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, MAX_TIMER));
    signal?.addEventListener("abort", done);
  });
}
