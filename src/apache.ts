/** The package's door to Apache httpd: its status pages, its workers, and killing them. */

export type { Discovery, DiscoveryOptions } from "./apache/configuration/discover.js";
export { discover } from "./apache/configuration/discover.js";
export type { Listener } from "./apache/configuration/listeners.js";
export type { StatusConnection } from "./apache/fetch/status-connection.js";
export type { StatusSourceOptions } from "./apache/fetch/status-source.js";
export { StatusSource } from "./apache/fetch/status-source.js";
export type { WorkerPage } from "./apache/page/html-page.js";
export { parseWorkerPage, streamWorkerRows, WorkerPageReader } from "./apache/page/html-page.js";
export type { Scoreboard } from "./apache/page/scoreboard.js";
export type { ProxyBalancer, ServerStatus, SharedCache } from "./apache/page/server-status.js";
export { parseTextPage } from "./apache/page/text-page.js";
export type { WorkerRow } from "./apache/page/worker-row.js";
export { isHanging } from "./apache/page/worker-row.js";
export type { Doubt } from "./apache/processes/answering-server.js";
export type { ApacheServer } from "./apache/processes/apache-servers.js";
export { chooseServer, findServers } from "./apache/processes/apache-servers.js";
export type { ProcessTable } from "./apache/processes/process-table.js";
export { ProcFileSystem } from "./apache/processes/process-table.js";
export type { KillOptions, KillResult } from "./apache/workers/kill.js";
export { killWorkers } from "./apache/workers/kill.js";
export type { LocalWorkers, LocalWorkersOptions } from "./apache/workers/local-workers.js";
export { readLocalWorkers } from "./apache/workers/local-workers.js";
export type { Worker } from "./apache/workers/workers.js";
export { describeWorker, joinWorkers } from "./apache/workers/workers.js";
export { ErrorCode, GatewayError } from "./errors.js";
