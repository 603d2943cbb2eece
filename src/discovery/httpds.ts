import { existsSync } from "node:fs";
import { discoverHttpd } from "../apache/configuration/discover.js";
import { findConfiguration } from "../apache/configuration/places.js";
import { findRunningHttpd, runningConfigurations } from "../apache/configuration/running-httpd.js";
import { textStatusUrl } from "../apache/fetch/status-url.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { GatewayError } from "../errors.js";
import type { DiscoveredTarget, Discovery, DiscoveryProblem } from "./discovery.js";
import { runningMaster } from "./which-httpd.js";

/**
 * Finds the httpds of this machine by their configurations.
 *
 * @param files the configurations to read. Default: those of running httpds, and of packages
 */
export function findHttpds(files: readonly string[] | undefined, table: ProcessTable): Discovery {
  const targets: DiscoveredTarget[] = [];
  const problems: DiscoveryProblem[] = [];
  for (const file of files ?? configurationsHere(table)) {
    try {
      const { warnings, defines, ...running } = findRunningHttpd(file, table);
      const found = discoverHttpd({ ...running, file, defines });
      const hint = "see fcgi-probe apache discover, and give what it lacks with --define";
      for (const message of new Set([...warnings, ...found.warnings])) {
        problems.push({ source: file, message, hint });
      }
      const isRunning = runningMaster(found, table) !== undefined;
      targets.push({
        kind: "apache",
        address: textStatusUrl(found.statusUrl),
        pingAddress: undefined,
        labels: { config: file },
        source: file,
        state: isRunning ? "ready" : "not running",
        problem: isRunning ? undefined : "no httpd runs with this configuration",
        hint: isRunning
          ? undefined
          : "start httpd; if it runs in a container, run this command there",
        configuration: undefined,
        host: found.statusHost,
      });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      problems.push({ source: file, message: error.message, hint: error.hint });
    }
  }
  return { targets, problems };
}

/** The configurations of running httpds. Without any, that of a package, if it is installed. */
function configurationsHere(table: ProcessTable): string[] {
  const running = runningConfigurations(table);
  if (running.length > 0) return running;
  const { file } = findConfiguration();
  return existsSync(file) ? [file] : [];
}
