import { parentPort, workerData } from "node:worker_threads";
import { discoverWithFolders } from "./discover.js";
import type { ThreadWork } from "./start-watch-thread.js";
import { watchDiscovery } from "./watch.js";

/**
 * A thread that discovers, and sends what it has found: once, or whenever it has changed. It ends
 * with the one that started it.
 */
const { once, options } = workerData as ThreadWork;
const { signal } = new AbortController();
if (once) void discoverWithFolders(options).then((found) => parentPort?.postMessage(found));
else void watchDiscovery(options, (found) => parentPort?.postMessage(found), signal);
