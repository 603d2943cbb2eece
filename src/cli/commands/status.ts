import type { Command } from "commander";
import { ErrorCode, GatewayError } from "../../errors.js";
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
import { queuedStatus } from "../reports/queued-status.js";
import { readRound, type StatusReader } from "../reports/round.js";
import { isScreen, showRounds } from "../reports/watch.js";
import { addDisplayOptions, type DisplayOptions, displayOf } from "../top/display-options.js";
import { type TopOptions, topDefaults } from "../top/top-options.js";

interface StatusCommandOptions extends DisplayOptions {
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
shows fewer columns, --wide all of them. --only running, and a --sort by what
only processes have, list the processes, too. The page of a pool on a unix
socket always has 0 for its queue: the table shows the kernel's, and JSON has
it as acceptQueue.

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
    .addOption(quietOption("show only what failed"));
  addDisplayOptions(command)
    .addHelpText("after", help)
    .action(async (given: string[], asked: StatusCommandOptions) => {
      refuseDisplayOf(asked);
      const options = listsProcesses(asked) ? { ...asked, full: true as const } : asked;
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
function screenOf(given: readonly string[], options: StatusCommandOptions): TopOptions {
  const { path, timeout, watch } = options;
  const display = displayOf(options);
  return {
    ...topDefaults,
    ...display,
    listSort: display.listSort ?? topDefaults.listSort,
    places: given.map((address) => ({ kind: "phpfpm", address, path })),
    hasHttpds: false,
    timeout: timeoutOr(timeout, "status"),
    ...(watch !== undefined && { interval: watch }),
  };
}

/** @throws GatewayError `bad_input` for an option of the table beside another format */
function refuseDisplayOf({ format = "table", sort, only, wide }: StatusCommandOptions): void {
  if (format === "table" || (sort ?? only ?? wide) === undefined) return;
  const option = sort !== undefined ? "--sort" : only !== undefined ? "--only" : "--wide";
  throw new GatewayError(ErrorCode.BadInput, `${option} is for the table, not for ${format}`, {
    hint: `leave out ${option}, or --format ${format}`,
  });
}

/** Whether an option says something about processes alone. */
function listsProcesses({ only, sort }: DisplayOptions): boolean {
  return only !== undefined || (sort !== undefined && displayOf({ sort }).listSort === undefined);
}

/** How the status of PHP-FPM pools is read and shown. */
function poolReader(options: StatusCommandOptions): StatusReader<PoolStatus> {
  const { path, full, format } = options;
  const { listSort, wide, ...processes } = displayOf(options);
  // Metrics have the names of php-fpm_exporter, and its values.
  const read = format === "prometheus" ? status : queuedStatus;
  return {
    nouns: ["pool", "pools"],
    read: probePool(path, (address, limits) => read(address, { ...limits, full })),
    readPage: probePool(path, async (address, limits) => {
      return { page: await fetchStatusPage(address, { ...limits, full }), warnings: [] };
    }),
    shown: (target) => target,
    newMetrics: async () => (await import("../reports/result-metrics.js")).poolResultMetrics(),
    table: async (results, io) => {
      const { poolReport } = await import("../reports/pool-report.js");
      const { sortPools } = await import("../reports/pool-order.js");
      // When all targets failed, the errors say everything.
      if (!results.some(({ ok }) => ok)) return () => "";
      const rows = listSort === undefined ? results : sortPools(results, listSort);
      const { style } = io.stdout;
      return () => {
        const width = wide ? undefined : io.stdout.columns;
        return `${poolReport(rows, style, width, processes).join("\n")}\n`;
      };
    },
  };
}
