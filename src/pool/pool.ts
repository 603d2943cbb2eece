import type { PoolCounters } from "../status-page/write-page.js";

/** A pool of workers that `startPool` has started. This process is its master. */
export interface Pool {
  /** The address it listens on: `unix:/run/app.sock`, `127.0.0.1:9000`, `scgi://127.0.0.1:4000`. */
  readonly address: string;
  /** The process ids of the running workers. */
  readonly pids: readonly number[];
  /** The numbers of the status page, read now. After the end, they are those of the end. */
  readonly counters: PoolCounters;
  /** Resolves when the last worker has exited after `stop`. It never rejects. */
  readonly ended: Promise<void>;
  /**
   * Replaces all workers and loads the application's code anew. New workers serve as soon as they are
   * ready; the old ones finish the requests that have begun. Resolves when the new ones are ready.
   *
   * @throws GatewayError `bad_input` if the application cannot be loaded. The old workers then stay
   */
  reload(): Promise<void>;
  /**
   * Opens the log's file again, for example after log rotation has moved it.
   *
   * @throws GatewayError `bad_input` if that fails. The pool then goes on writing to the old file
   */
  reopenLogs(): void;
  /**
   * Stops listening, answers the requests that have begun, and resolves when all workers have exited.
   * Further calls return the same promise.
   *
   * @param timeout milliseconds after which the remaining workers are killed. Default: `drainTimeout`
   * of the pool's options, where 0 waits forever; a `timeout` of 0 kills them at once, and Infinity
   * waits forever
   * @throws GatewayError `bad_input` for a negative timeout, or none: the pool then goes on
   */
  stop(timeout?: number): Promise<void>;
  /** Kills all workers at once. After `stop`, the pool then ends; otherwise, workers are replaced. */
  kill(): void;
  /** Calls `stop()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Lets signals to this process control a pool, as they control PHP-FPM's master. SIGTERM, SIGQUIT and
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
