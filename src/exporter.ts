/** The package's door for the exporter. */

export type { PoolConfiguration } from "./discovery/pool-configuration.js";
export {
  createExporter,
  type Exporter,
  type ExporterOptions,
} from "./exporter/create-exporter.js";
export type { ScrapeTarget, TargetKind } from "./exporter/target.js";
