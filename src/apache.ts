/** The package's door to Apache httpd: its status pages, its workers, and killing them. */

export type { DiscoveredHttpd, DiscoverHttpdOptions } from "./apache/configuration/discover.js";
export { discoverHttpd } from "./apache/configuration/discover.js";
export type { HttpdListener } from "./apache/configuration/listeners.js";
export type { FetchServerStatusOptions } from "./apache/fetch/fetch-status.js";
export type { StatusConnection } from "./apache/fetch/status-connection.js";
export type { StatusHeaders } from "./apache/fetch/status-headers.js";
export { StatusSource } from "./apache/fetch/status-source.js";
export type { WorkerPage, WorkerPageSummary } from "./apache/page/html-page.js";
export {
  parseServerStatusHtml,
  streamWorkerRows,
  WorkerPageReader,
} from "./apache/page/html-page.js";
export type { Scoreboard, ScoreboardState } from "./apache/page/scoreboard.js";
export { scoreboardStates } from "./apache/page/scoreboard.js";
export type { ApacheProcess } from "./apache/page/server-process.js";
export type {
  ProxyBalancer,
  ProxyWorker,
  ServerStatus,
  SharedCache,
  UnknownField,
} from "./apache/page/server-status.js";
export { parseServerStatus } from "./apache/page/text-page.js";
export type { WorkerActivity, WorkerRow } from "./apache/page/worker-row.js";
export { isHanging } from "./apache/page/worker-row.js";
export type { AnsweringServer, ServerDoubt } from "./apache/processes/answering-server.js";
export type { ApacheServer, ServerChoice } from "./apache/processes/apache-servers.js";
export { chooseServer, findServers } from "./apache/processes/apache-servers.js";
export type {
  ProcessDetails,
  ProcessInfo,
  ProcessNamespaces,
  ProcessTable,
} from "./apache/processes/process-table.js";
export { ProcFileSystem } from "./apache/processes/process-table.js";
export type { KillOptions, KillResult } from "./apache/workers/kill.js";
export { killWorkers } from "./apache/workers/kill.js";
export type { WorkerLimits } from "./apache/workers/kill-plan.js";
export type { LocalWorkers, LocalWorkersOptions } from "./apache/workers/local-workers.js";
export { readLocalWorkers } from "./apache/workers/local-workers.js";
export type { ApacheWorker, WorkerKind, WorkerSources } from "./apache/workers/workers.js";
export { describeWorker, joinWorkers } from "./apache/workers/workers.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
