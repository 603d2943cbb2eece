import type { Worker } from "node:worker_threads";
import { startThread } from "../transport/executable.js";
import type { DiscoveryOptions, WatchedDiscovery } from "./discover.js";
import type { WatchOptions } from "./watch.js";

/** What a thread has to do. */
export interface ThreadWork {
  /** Whether it discovers once, and does not watch. */
  readonly once: boolean;
  readonly options: WatchOptions;
}

/** Milliseconds after which a thread that discovers once has failed. */
const DEADLINE = 60_000;

/**
 * Starts a thread that discovers and watches. Each result is a message of it, a `Discovery`. It does
 * not keep the process alive.
 */
export function startWatchThread(options: WatchOptions): Worker {
  return start({ once: false, options });
}

/**
 * Does as `discoverWithFolders`, in a thread: two thousand files take hundreds of milliseconds, in
 * which nothing else would be done.
 *
 * @throws Error if the thread fails, takes longer than a minute, or the signal aborts
 */
export function discoverInThread({
  signal,
  ...options
}: DiscoveryOptions): Promise<WatchedDiscovery> {
  return new Promise((resolve, reject) => {
    const thread = start({ once: true, options });
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      void thread.terminate();
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(new Error("the discovery was aborted"));
    const timer = setTimeout(() => fail(new Error("the discovery takes too long")), DEADLINE);
    timer.unref();
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    thread.once("error", fail);
    thread.once("message", (found: WatchedDiscovery) => {
      end();
      resolve(found);
    });
  });
}

function start(workerData: ThreadWork): Worker {
  const thread = startThread("discovery/watch-thread", {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  thread.unref();
  return thread;
}
