import type { PoolCounters } from "../status-page/write-page.js";

/** A pool of workers, and their master: this process. */
export interface Pool {
  /** What it listens on: `unix:/run/app.sock`, `127.0.0.1:9000`, `scgi://127.0.0.1:4000`. */
  readonly address: string;
  /** The workers' process ids. */
  readonly pids: readonly number[];
  /** What the status page tells. */
  readonly counters: PoolCounters;
  /** Settles when the pool has ended. */
  readonly ended: Promise<void>;
  /**
   * Replaces all workers, and with them the application's code: new ones serve as soon as they are
   * ready, and the old ones serve what they have begun.
   *
   * @throws GatewayError `bad_input` when the application cannot be loaded: the old ones stay
   */
  reload(): Promise<void>;
  /**
   * Opens the log's file again.
   *
   * @throws GatewayError `bad_input` when that fails: the old one is written on
   */
  reopenLogs(): void;
  /**
   * Accepts no more, lets requests be answered, and settles when no worker is left. Those that are
   * not done after `timeout` milliseconds are killed: 0 is at once. Default: `drainTimeout`, of which
   * 0 is never.
   */
  stop(timeout?: number): Promise<void>;
  /** Kills what is left at once. */
  kill(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Lets signals to this process control a pool, as those to PHP-FPM's master do: SIGTERM, SIGQUIT
 * and SIGINT end it, and end it at once when they come again; SIGHUP and SIGUSR2 reload it; SIGUSR1
 * opens its log again.
 *
 * @param starting the pool, or one that is being started: signals wait for it
 * @param failed hears of reloads that failed
 * @param start ends the start, where its signal is the `signal` of the pool's options: then those
 * that end a pool do not wait for one that is being started
 * @returns what leaves signals alone again
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
      // Of no effect on a pool that is ready.
      if (action === end) start?.abort();
      // A pool that did not start is not to be ended either.
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
