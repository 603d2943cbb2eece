/** The package's door for the exporter. */

export type { Scoreboard, ScoreboardState } from "./apache/page/scoreboard.js";
export type { ApacheProcess } from "./apache/page/server-process.js";
export type {
  ProxyBalancer,
  ProxyWorker,
  ServerStatus,
  SharedCache,
  UnknownField,
} from "./apache/page/server-status.js";
export type { PoolConfiguration } from "./discovery/pool-configuration.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export {
  createExporter,
  type Exporter,
  type ExporterOptions,
  type SubscribeOptions,
} from "./exporter/create-exporter.js";
export type { FailureReason } from "./exporter/failure-reason.js";
export type { ReloadFacts, SourceFacts } from "./exporter/metrics/exporter-metrics.js";
export type { ApacheSample, PoolQueue, PoolSample, Sample, Scrape } from "./exporter/sample.js";
export type {
  ExporterSettings,
  LogListener,
  LogRecord,
  MetricStyle,
  ProbeModule,
  ProbeSettings,
} from "./exporter/settings.js";
export type { HttpSettings, ScrapeTarget, TargetKind } from "./exporter/target.js";
export type { ExporterInput, TargetInput } from "./exporter/target-input.js";
export type { Diagnosis, PoolProblem } from "./phpfpm/diagnosis.js";
export type {
  OpcacheField,
  OpcacheFieldName,
  OpcacheStatus,
  opcacheFields,
} from "./phpfpm/opcache.js";
export type { FieldMetric, poolFields, processFields } from "./status-page/fields.js";
export type {
  OtherField,
  PoolStatus,
  PoolStatusFields,
  PoolStatusJson,
  ProcessState,
  ProcessStatus,
  ProcessStatusFields,
  ProcessStatusJson,
  StatusJson,
} from "./status-page/pool-status.js";
