import type { PoolCounters } from "../status-page/pool-counters.js";

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
