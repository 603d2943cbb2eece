import { dirname } from "node:path";
import { textfileProblem } from "../push/textfile.js";
import {
  type ConfigurationProblem,
  parseConfiguration,
  readConfigurationFile,
} from "./configuration.js";
import type { ExporterConfiguration } from "./schema.js";
import { settingsOf } from "./settings-of.js";
import { sourcesOf } from "./sources/sources-of.js";

/** What a configuration would do. */
export interface CheckedConfiguration {
  readonly configuration: ExporterConfiguration;
  /** How many targets each source has, and the file itself: `site.yaml`, `files targets/*.yaml`. */
  readonly counts: readonly { readonly source: string; readonly targets: number }[];
  /** What would be left out or could not be read, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration file and all sources that it names, as an exporter would at its start.
 *
 * @throws GatewayError `bad_input` with all errors of the file, a line each
 */
export async function checkConfiguration(path: string): Promise<CheckedConfiguration> {
  const parsed = parseConfiguration(await readConfigurationFile(path), path, checkFolders);
  const { configuration } = parsed;
  const sources = sourcesOf(configuration.discover, dirname(path));
  const { signal } = new AbortController();
  const readings = await Promise.all(sources.map((source) => source.read(signal)));
  const found = readings.map(({ targets }) => targets);
  const { warnings } = settingsOf({ parsed, found, given: [] });
  return {
    configuration,
    counts: [
      { source: path, targets: configuration.targets.length },
      ...sources.map(({ name }, index) => ({ source: name, targets: found[index]?.length ?? 0 })),
    ],
    warnings: [
      ...readings.flatMap(({ problems, notes = [] }) => [...problems, ...notes]),
      ...warnings,
    ],
  };
}

/** What an exporter finds out when it writes: it runs on, and the folder may still come. */
function checkFolders({ textfile }: ExporterConfiguration): ConfigurationProblem[] {
  const message = textfile && textfileProblem(textfile.path);
  return message === undefined ? [] : [{ path: ["textfile", "path"], message }];
}
