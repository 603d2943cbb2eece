import type { PoolCounters } from "../status-page/write-page.js";

/** A pool of workers that `startPool` has started. This process is its master. */
export interface Pool {
  /** The address it listens on: `unix:/run/app.sock`, `127.0.0.1:9000`, `scgi://127.0.0.1:4000`. */
  readonly address: string;
  /** The process ids of the workers that run now. */
  readonly pids: readonly number[];
  /** The numbers of the status page, read now. */
  readonly counters: PoolCounters;
  /** Settles when the last worker has exited after `stop`. It never rejects. */
  readonly ended: Promise<void>;
  /**
   * Replaces all workers and loads the application's code anew. New workers serve as soon as they are
   * ready; the old ones finish the requests that have begun. Settles when the new ones are ready.
   *
   * @throws GatewayError `bad_input` if the application cannot be loaded. The old workers then stay
   */
  reload(): Promise<void>;
  /**
   * Opens the log's file again, after it was moved away.
   *
   * @throws GatewayError `bad_input` if that fails. The old file is then still written to
   */
  reopenLogs(): void;
  /**
   * Stops listening, lets requests that have begun be answered, and settles when no worker is left.
   * Further calls return the same promise.
   *
   * @param timeout milliseconds after which workers that are left are killed. Default: `drainTimeout`
   * of the pool's options, where 0 waits forever; a `timeout` of 0 kills them at once
   */
  stop(timeout?: number): Promise<void>;
  /** Kills all workers at once. `stop` settles soon after it; without `stop`, workers are replaced. */
  kill(): void;
  /** Calls `stop()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Lets signals to this process control a pool, as those to PHP-FPM's master do. SIGTERM, SIGQUIT and
 * SIGINT stop it; a second one kills its workers. SIGHUP and SIGUSR2 reload it. SIGUSR1 opens its log
 * again.
 *
 * @param starting the pool, or the promise of one: signals then take effect when it has started
 * @param failed is called with the error of a reload that failed
 * @param start ends the start, if its signal is the `signal` of the pool's options: signals that stop
 * a pool then do not wait for the start to finish
 * @returns a function that removes the signal handlers
 */
export function controlBySignals(
  starting: Pool | Promise<Pool>,
  failed: (error: unknown) => void,
  start?: AbortController,
): () => void {
  let isEnding = false;
  const end = (pool: Pool): void => {
    if (isEnding) pool.kill();
    isEnding = true;
    void pool.stop();
  };
  const reload = (pool: Pool): void => void pool.reload().catch(failed);
  const reopen = (pool: Pool): void => pool.reopenLogs();
  const actions: [NodeJS.Signals, (pool: Pool) => void][] = [
    ["SIGTERM", end],
    ["SIGQUIT", end],
    ["SIGINT", end],
    ["SIGHUP", reload],
    ["SIGUSR2", reload],
    ["SIGUSR1", reopen],
  ];
  const handlers = actions.map(([signal, action]) => {
    const handler = (): void => {
      // This has no effect on a pool that is ready.
      if (action === end) start?.abort();
      // There is nothing to control if the start fails.
      Promise.resolve(starting).then(
        (pool) => {
          try {
            action(pool);
          } catch (error) {
            failed(error);
          }
        },
        () => {},
      );
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
