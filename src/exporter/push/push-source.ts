import type { Exporter } from "../create-exporter.js";
import type { ReadingOptions } from "../metrics/readings.js";
import { packageVersion } from "../package-version.js";
import type { Sample } from "../sample.js";
import { completeSettings, type ExporterSettings } from "../settings.js";

/** Where the metrics come from that are pushed. */
export interface PushSource {
  readonly exporter: Pick<Exporter, "collect">;
  /** The settings of the exporter as they are now. */
  readonly settings: () => ExporterSettings;
}

/** The results of all targets, and how metrics are made of them. */
export interface CollectedSamples {
  readonly samples: readonly Sample[];
  readonly options: ReadingOptions;
}

/**
 * Reads all targets, as `/metrics` does.
 *
 * @param longest milliseconds that it may take, where that is less than the exporter's own limit
 */
export async function collectSamples(
  { exporter, settings }: PushSource,
  longest: number,
): Promise<CollectedSamples> {
  const started = performance.now();
  const { scrapeTimeout } = completeSettings(settings());
  const samples = await exporter.collect(Math.min(scrapeTimeout, longest));
  const elapsed = performance.now() - started;
  const { metricStyle: style, fixProcessCount, lastReload: reload, sources } = settings();
  const facts = { version: packageVersion(), elapsed, reload, sources };
  return { samples, options: { style, fixProcessCount, exporter: facts } };
}
