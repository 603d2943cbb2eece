import type { Command } from "commander";
import { parseTimespan } from "../../../apache/manager/quantities.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { collectMetrics } from "./collect-metrics.js";
import { addHttpdOptions, type HttpdOptions, httpdHelp } from "./httpd-options.js";
import { reported } from "./reported.js";
import { saveMetrics } from "./save-metrics.js";

export interface MetricsOptions extends HttpdOptions {
  counts?: true;
  dataFile?: string;
  /** Seconds. */
  hangingAfter?: number;
}

const help = `
The file is that of apache-manager 1.2: comments, and lines of names and values
with tabs between them, as monitoring agents read it. It is written beside its
place and put there as a whole. When httpd is not found or does not answer it is
written too, with status-response 1.

${httpdHelp}

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input.

Examples:
  fcgi-probe apache metrics
  fcgi-probe apache metrics --data-file /run/apache-metrics.txt
`;

export function defineMetrics(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addHttpdOptions(command.argument("[URL]", "its status page"))
    .option("--data-file <path>", "where to write it (default: -, standard output)")
    .option("--hanging-after <time>", "what counts as hanging (default: 5m)", parseTimespan)
    .option("--counts", "count foreign and native workers too, as apache-manager 2 does")
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: MetricsOptions) => {
      finish(await reported(io, () => runMetrics(url, options, io, new ProcFileSystem())));
    });
}

/** Writes the metrics of one httpd. */
export async function runMetrics(
  url: string | undefined,
  options: MetricsOptions,
  io: Io,
  table: ProcessTable,
): Promise<ExitCode> {
  const httpd = Httpd.find({ ...options, url, signal: io.signal }, table);
  const { data, error } = await collectMetrics(httpd, table, options);
  if (io.signal.aborted) return ExitCode.Interrupted;
  await saveMetrics(data, options.dataFile ?? "-", io);
  if (error !== undefined) throw error;
  return ExitCode.Fine;
}
