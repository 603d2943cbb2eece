import type { Worker } from "node:worker_threads";
import { startThread } from "../transport/executable.js";
import type { WatchOptions } from "./watch.js";

/**
 * Starts a thread that discovers and watches. Each result is a message of it, a `Discovery`. It does
 * not keep the process alive.
 */
export function startWatchThread(workerData: WatchOptions): Worker {
  const thread = startThread(new URL("./watch-thread.js", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  thread.unref();
  return thread;
}
