import { ErrorCode, GatewayError } from "../errors.js";

/** What became of one target. */
export type FleetResult<Value> =
  | { target: string; ok: true; value: Value; elapsed: number }
  | { target: string; ok: false; error: GatewayError; elapsed: number };

/** Reads one target. It must settle within `timeout` milliseconds, and soon after an abort. */
export type Probe<Value> = (
  target: string,
  options: { timeout: number; signal: AbortSignal },
) => Promise<Value>;

export interface ProbeOptions {
  /** Milliseconds for one target, its retries included. Default 5,000. */
  timeout?: number | undefined;
  /** How often a target that failed in a way that may pass is tried again. Default 1. */
  retries?: number | undefined;
  /** Each target starts after a random time up to this, in milliseconds. Default 0. */
  jitter?: number | undefined;
}

/** Milliseconds before the first retry; each further one waits twice as long. */
const RETRY_PAUSE = 100;

const retryable: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.BacklogFull,
  ErrorCode.Refused,
  ErrorCode.ConnectFailed,
  ErrorCode.ClosedWithoutAnswer,
  ErrorCode.Truncated,
  ErrorCode.Overloaded,
  ErrorCode.ServerBusy,
]);

/** Runs a probe on one target, again where that may help. It never throws. */
export async function probeOne<Value>(
  target: string,
  probe: Probe<Value>,
  options: ProbeOptions,
  signal: AbortSignal,
): Promise<FleetResult<Value>> {
  if (options.jitter) await pause(Math.random() * options.jitter, signal);
  const started = performance.now();
  const timeout = options.timeout ?? 5_000;
  for (let attempt = 0; ; attempt++) {
    // The first one's is exact, because messages name it.
    const remaining = attempt === 0 ? timeout : timeout - (performance.now() - started);
    try {
      const value = await probe(target, { timeout: Math.max(1, remaining), signal });
      return { target, ok: true, value, elapsed: performance.now() - started };
    } catch (error) {
      const elapsed = performance.now() - started;
      const problem = asGatewayError(error, target);
      const wait = RETRY_PAUSE * 2 ** attempt * (0.5 + Math.random());
      const again =
        attempt < (options.retries ?? 1) &&
        retryable.has(problem.code) &&
        elapsed + wait < timeout &&
        !signal.aborted;
      if (!again) return { target, ok: false, error: problem, elapsed };
      await pause(wait, signal);
    }
  }
}

function asGatewayError(error: unknown, target: string): GatewayError {
  if (error instanceof GatewayError) return error.with({ address: target });
  return new GatewayError(ErrorCode.BadInput, `the probe failed: ${String(error)}`, {
    address: target,
    cause: error,
  });
}

/** Waits, or until the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
