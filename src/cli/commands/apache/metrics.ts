import type { Command } from "commander";
import {
  formatMetrics,
  type MetricsData,
  writeMetricsFile,
} from "../../../apache/manager/metrics-file.js";
import { HANGING_AFTER, isHanging } from "../../../apache/page/worker-row.js";
import { findServers } from "../../../apache/processes/apache-servers.js";
import { memoryUsageOf } from "../../../apache/processes/memory-usage.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { ExitCode, exitStatusHelp } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reportErrors } from "../../report-error.js";
import { addHangingAfter, addHttpdOptions, type HttpdOptions, httpdHelp } from "./options.js";

export interface MetricsOptions extends HttpdOptions {
  counts?: true;
  dataFile?: string;
  /** Seconds. */
  hangingAfter?: number;
}

const help = `
Writes the metrics file of apache-manager 1.2: comments, and lines of a name and
its values with tabs between them, for monitoring agents. The file is replaced
as a whole: a reader never sees half of it. If httpd is not found or does not
answer, the file is written with status-response 1.

${httpdHelp}

${exitStatusHelp}

Examples:
  fcgi-probe apache metrics
  fcgi-probe apache metrics --data-file /run/apache-metrics.txt
`;

export function defineMetrics(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addHangingAfter(addHttpdOptions(command))
    .option("--data-file <path>", "the file to write (default: -, standard output)")
    .option("--counts", "also count foreign and native workers, as apache-manager 2 does")
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: MetricsOptions) => {
      finish(await reportErrors(io, () => runMetrics(url, options, io, new ProcFileSystem())));
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

export interface CollectMetricsOptions {
  /** Seconds on one request after which a worker counts as hanging. Default: 300. */
  readonly hangingAfter?: number | undefined;
  /** Whether foreign and native workers are counted, as apache-manager 2 does. Default: false. */
  readonly counts?: boolean | undefined;
  /** The number of active workers that this run has killed. Default: 0. */
  readonly killedActive?: number | undefined;
  /** The number of idle workers that this run has killed. Default: 0. */
  readonly killedIdle?: number | undefined;
}

export interface Collected {
  readonly data: MetricsData;
  /** Why a page is missing, if it is. Everything else has been collected. */
  readonly error: GatewayError | undefined;
}

/**
 * Collects what the metrics file contains. An httpd that is not found, or a page that cannot be
 * read, is part of the result: the file reports it.
 */
export async function collectMetrics(
  found: Promise<Httpd>,
  table: ProcessTable,
  options: CollectMetricsOptions = {},
): Promise<Collected> {
  const httpd = await settled(found);
  return "error" in httpd
    ? collectWithout(httpd.error, table, options)
    : collectFrom(httpd.value, options);
}

/** Without an httpd to ask, only memory is counted: that of the only httpd that runs here. */
function collectWithout(
  error: GatewayError,
  table: ProcessTable,
  options: CollectMetricsOptions,
): Collected {
  const [server, other] = findServers(table);
  // Of several, it is not known which one is meant. If none runs, none uses memory.
  const children = other === undefined ? (server?.children ?? []) : undefined;
  const data: MetricsData = {
    status: undefined,
    responded: false,
    workersHanging: 0,
    workersKilledActive: options.killedActive ?? 0,
    workersKilledIdle: options.killedIdle ?? 0,
    workerCounts: options.counts ? countKinds([]) : undefined,
    memory: children && memoryUsageOf(children),
  };
  return { data, error };
}

async function collectFrom(httpd: Httpd, options: CollectMetricsOptions): Promise<Collected> {
  const status = await settled(httpd.source.status());
  // The other page would fail too, and take as long.
  const reading = "error" in status ? status : await settled(httpd.workers());
  const error = "error" in reading ? reading.error : undefined;
  const { page, server, workers } =
    "error" in reading
      ? { page: undefined, server: httpd.serverWithoutPage(), workers: [] }
      : reading.value;
  const hangingAfter = options.hangingAfter ?? HANGING_AFTER;
  const data: MetricsData = {
    status: "error" in status ? undefined : status.value,
    responded: error === undefined,
    workersHanging: (page?.rows ?? []).filter((row) => isHanging(row, hangingAfter)).length,
    workersKilledActive: options.killedActive ?? 0,
    workersKilledIdle: options.killedIdle ?? 0,
    workerCounts: options.counts ? countKinds(workers) : undefined,
    memory: server && memoryUsageOf(server.children),
  };
  return { data, error };
}

type Settled<Value> = { readonly value: Value } | { readonly error: GatewayError };

async function settled<Value>(promise: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof GatewayError) return { error };
    throw error;
  }
}

/** Counts like apache-manager: workers that the page names are native, other children foreign. */
function countKinds(workers: readonly ApacheWorker[]): { foreign: number; native: number } {
  const native = workers.filter(({ row }) => row !== undefined).length;
  return { foreign: workers.length - native, native };
}

/**
 * Writes metrics to a file, which is replaced as a whole, or to standard output if the path is `-`.
 *
 * @throws GatewayError `bad_input` if the file cannot be written
 */
export async function saveMetrics(data: MetricsData, path: string, io: Io): Promise<void> {
  if (data.memory === undefined) {
    const message = "memory is not written, because it is not proven which httpd is meant";
    await io.stderr.writeLines([`fcgi-probe: ${message}`]);
  }
  if (path === "-") return io.stdout.write(formatMetrics(data));
  try {
    await writeMetricsFile(path, data);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new GatewayError(ErrorCode.BadInput, `the metrics file was not written: ${message}`, {
      hint:
        code === undefined
          ? "give the path of a file"
          : "its folder must exist, and this user must be allowed to write to it",
      cause: error,
    });
  }
}
