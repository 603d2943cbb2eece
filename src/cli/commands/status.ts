import type { Command } from "commander";
import { fetchStatusPage, status } from "../../phpfpm/status.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import { type ExitCode, worstStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import {
  formatOption,
  fullOption,
  jsonOption,
  noTargetHelp,
  type OutputFormat,
  outputFormats,
  pathOption,
  poolTargets,
  quietOption,
  timeoutOption,
  timeoutOr,
  verboseOption,
  watchHelp,
  watchOption,
} from "../options.js";
import { probePool } from "../reports/probe-pool.js";
import { readRound, type StatusReader } from "../reports/round.js";
import { isScreen, showRounds } from "../reports/watch.js";
import { type TopOptions, topDefaults } from "../top/top-options.js";

interface StatusCommandOptions {
  full?: true;
  format?: OutputFormat;
  path?: string;
  timeout?: number;
  watch?: number;
  verbose?: true;
  quiet?: true;
}

const help = `
Formats:
  table       the default: one line per pool; with --full also its processes:
              running requests first, the longest on top, and new processes last
  text        the page as the pool sent it; with several pools, each page after
              its address; on a terminal, control characters are escaped
  json        an array with one object per target; elapsed is in milliseconds
  ndjson      the same objects, one per line
  prometheus  metrics with the names of php-fpm_exporter, with --full also those
              of processes; a target that is given twice is read once, and a
              warning names it
Columns of the table: PEAK is the largest number of processes that were active
at once, QUEUE the connections that wait (and the size of the queue), MAXED how
often pm.max_children was reached, SLOW the slow requests. A narrow terminal
shows fewer columns.

${noTargetHelp}

${watchHelp}
On a terminal, --watch shows the table on the screen of fcgi-probe top.

${worstStatusHelp}

Examples:
  fcgi-probe status unix:/run/php/php8.2-fpm.sock:/status
  fcgi-probe status --full 127.0.0.1:9000/status
  fcgi-probe status --full --watch 2s unix:/run/php/www.sock:/status
  fcgi-probe status --format json 10.0.0.{1,2}:9000/status | jq '.[].pool'
`;

export function defineStatus(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools")
    .addOption(fullOption())
    .addOption(formatOption(outputFormats))
    .addOption(jsonOption())
    .addOption(pathOption("status", "/status"))
    .addOption(timeoutOption("status"))
    .addOption(watchOption())
    .addOption(verboseOption())
    .addOption(quietOption("show only what failed"))
    .addHelpText("after", help)
    .action(async (given: string[], options: StatusCommandOptions) => {
      if (isScreen(options, io)) {
        const { runTop } = await import("../top/run-top.js");
        finish(await runTop(screenOf(given, options), io));
        return;
      }
      const targets = await poolTargets(given, "status", io);
      const reader = poolReader(options);
      const timeout = timeoutOr(options.timeout, "status");
      const round = () => readRound(reader, targets, { ...options, timeout }, io);
      finish(await showRounds(round, options.watch, "fcgi-probe status", io));
    });
}

/** The screen of `top`, which `--watch` of a table shows, too. */
function screenOf(
  given: readonly string[],
  { path, timeout, watch }: StatusCommandOptions,
): TopOptions {
  return {
    ...topDefaults,
    places: given.map((address) => ({ kind: "phpfpm", address, path })),
    hasHttpds: false,
    timeout: timeoutOr(timeout, "status"),
    ...(watch !== undefined && { interval: watch }),
  };
}

/** How the status of PHP-FPM pools is read and shown. */
function poolReader({ path, full }: StatusCommandOptions): StatusReader<PoolStatus> {
  return {
    nouns: ["pool", "pools"],
    read: probePool(path, (address, limits) => status(address, { ...limits, full })),
    readPage: probePool(path, async (address, limits) => {
      return { page: await fetchStatusPage(address, { ...limits, full }), warnings: [] };
    }),
    shown: (target) => target,
    newMetrics: async () => (await import("../reports/result-metrics.js")).poolResultMetrics(),
    table: async (results, io) => {
      const { poolReport } = await import("../reports/pool-report.js");
      // When all targets failed, the errors say everything.
      if (!results.some(({ ok }) => ok)) return () => "";
      return () => `${poolReport(results, io.stdout.style, io.stdout.columns).join("\n")}\n`;
    },
  };
}
