import { parentPort, workerData } from "node:worker_threads";
import { type WatchOptions, watchDiscovery } from "./watch.js";

/** A thread that discovers, and sends what it has found. It ends with the one that started it. */
const { signal } = new AbortController();
void watchDiscovery(workerData as WatchOptions, (found) => parentPort?.postMessage(found), signal);
