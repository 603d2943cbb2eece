import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { withKernelQueue } from "../phpfpm/kernel-queue.js";
import { status } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";

/** Milliseconds between two readings. */
const PACE = 1_000;
/** Milliseconds that a page may take: a pool whose workers are all busy does not answer in time. */
const TIMEOUT = 1_000;
/** Milliseconds that the last page may take after the run was cancelled. */
const LAST_TIMEOUT = 100;

/** What a pool's status page said about a run; the queue of a unix socket is the kernel's. */
export interface PoolReport {
  readonly before: PoolStatus | undefined;
  readonly after: PoolStatus | undefined;
  /** Of the readings during the run: how many there were, and how many failed. */
  readonly readings: number;
  readonly unanswered: number;
  /** The most active processes, and the longest listen queue, of all readings during the run. */
  readonly mostActive: number;
  readonly longestQueue: number;
  /** Why the page could not be read the last time it could not. */
  readonly problem: GatewayError | undefined;
}

/** Errors that another reading does not change. */
const lasting: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.PageNotFound,
  ErrorCode.AccessDenied,
  ErrorCode.NotAStatusPage,
  ErrorCode.BadAddress,
  ErrorCode.WrongProtocol,
]);

/** Reads a pool's status page before, during and after a run. */
export class PoolWatch {
  readonly #target: string;
  readonly #listen: Address["endpoint"];
  readonly #stop = new AbortController();
  #before: PoolStatus | undefined;
  #problem: GatewayError | undefined;
  #readings = 0;
  #unanswered = 0;
  #mostActive = 0;
  #longestQueue = 0;
  #watching: Promise<void> = Promise.resolve();

  /**
   * @param target the address of the status page, with its path unless that is `/status`
   * @param listen where the pool takes the requests of the run
   */
  constructor(target: string, listen: Address["endpoint"]) {
    this.#target = target;
    this.#listen = listen;
  }

  /** Reads the page, and again every second until {@link finish}. */
  async start(signal: AbortSignal): Promise<void> {
    this.#before = await this.#read(signal);
    const isUseless = this.#problem !== undefined && lasting.has(this.#problem.code);
    if (!isUseless) this.#watching = this.#watch();
  }

  /**
   * Reads the page once more.
   *
   * @param isCancelled whether somebody waits for the end: a page that does not come at once is left
   */
  async finish(isCancelled = false): Promise<PoolReport> {
    this.#stop.abort();
    await this.#watching;
    const isUseless = this.#problem !== undefined && lasting.has(this.#problem.code);
    const problem = this.#problem;
    const timeout = isCancelled ? LAST_TIMEOUT : TIMEOUT;
    const after = isUseless ? undefined : await this.#read(undefined, timeout);
    if (isCancelled) this.#problem = problem;
    return {
      before: this.#before,
      after,
      readings: this.#readings,
      unanswered: this.#unanswered,
      mostActive: this.#mostActive,
      longestQueue: this.#longestQueue,
      problem: this.#problem,
    };
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(PACE, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const page = await this.#read(signal);
      if (signal.aborted) return;
      this.#readings++;
      if (page === undefined) this.#unanswered++;
      else {
        // With kept connections, php-fpm's counter drifts beyond the number of its processes.
        const { activeProcesses = 0, totalProcesses = activeProcesses } = page;
        this.#mostActive = Math.max(this.#mostActive, Math.min(activeProcesses, totalProcesses));
        this.#longestQueue = Math.max(this.#longestQueue, page.listenQueue ?? 0);
      }
    }
  }

  async #read(signal?: AbortSignal, timeout = TIMEOUT): Promise<PoolStatus | undefined> {
    try {
      // No worker is harmed without a drain: the page without its processes is short.
      const options = { timeout, retries: 0, drainTimeout: 0, signal };
      return await withKernelQueue(await status(this.#target, options), this.#listen);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.code !== ErrorCode.Aborted) this.#problem = error;
      return undefined;
    }
  }
}
