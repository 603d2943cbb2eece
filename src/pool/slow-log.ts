import { writeToStandardError } from "../server/error-log.js";
import { startThread } from "../transport/executable.js";
import type { WorkerSettings } from "./messages.js";

/** The settings of the thread that watches a worker. */
export type WatchSettings = Pick<
  WorkerSettings,
  "name" | "slot" | "concurrency" | "slowlog" | "requestSlowlogTimeout" | "requestTerminateTimeout"
> & { parent: number };

/**
 * Starts a thread that watches the requests of this worker, because a slow request may block the
 * event loop. The thread takes some 10 MB, and is started only if one of the times is set.
 *
 * @param log takes entries of the slow log when it has no file of its own
 */
export function startWatch(settings: WorkerSettings, log: (text: string) => void): void {
  const { name, slot, concurrency, slowlog } = settings;
  const { requestSlowlogTimeout, requestTerminateTimeout } = settings;
  if (requestSlowlogTimeout === 0 && requestTerminateTimeout === 0) return;
  const times = { requestSlowlogTimeout, requestTerminateTimeout };
  const workerData: WatchSettings = {
    ...{ name, slot, concurrency, slowlog },
    ...times,
    parent: process.ppid,
  };
  const thread = startThread("pool/slow-log-thread", { workerData });
  thread.on("message", log);
  thread.on("error", (error) => writeToStandardError(`slow log: ${error.message}\n`));
  thread.unref();
}
