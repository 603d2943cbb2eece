/** The package's door to Apache httpd: its status pages, its workers, and killing them. */

export type { Doubt } from "./apache/answering-server.js";
export type { Discovery, DiscoveryOptions } from "./apache/discovery.js";
export { discover } from "./apache/discovery.js";
export type { WorkerPage } from "./apache/html-page.js";
export { parseWorkerPage, streamWorkerRows, WorkerPageReader } from "./apache/html-page.js";
export type { KillOptions, KillResult } from "./apache/kill.js";
export { killWorkers } from "./apache/kill.js";
export type { Listener } from "./apache/listeners.js";
export type { LocalWorkers, LocalWorkersOptions } from "./apache/local-workers.js";
export { readLocalWorkers } from "./apache/local-workers.js";
export type { ProcessTable } from "./apache/process-table.js";
export { ProcFileSystem } from "./apache/process-table.js";
export type { ApacheServer } from "./apache/processes.js";
export { chooseServer, findServers } from "./apache/processes.js";
export type { Scoreboard } from "./apache/scoreboard.js";
export type { ProxyBalancer, ServerStatus, SharedCache } from "./apache/server-status.js";
export type { StatusConnection } from "./apache/status-connection.js";
export type { StatusSourceOptions } from "./apache/status-source.js";
export { StatusSource } from "./apache/status-source.js";
export { parseTextPage } from "./apache/text-page.js";
export type { WorkerRow } from "./apache/worker-row.js";
export { isHanging } from "./apache/worker-row.js";
export type { Worker } from "./apache/workers.js";
export { describeWorker, joinWorkers } from "./apache/workers.js";
export { ErrorCode, GatewayError } from "./errors.js";
