import type { Command } from "commander";
import {
  formatMetrics,
  type MetricsData,
  writeAtomically,
} from "../../../apache/manager/metrics-file.js";
import { parseTimespan } from "../../../apache/manager/quantities.js";
import { HANGING_AFTER, isHanging } from "../../../apache/page/worker-row.js";
import { findServers } from "../../../apache/processes/apache-servers.js";
import { memoryUsageOf } from "../../../apache/processes/memory-usage.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reported } from "../../report-error.js";
import { addHttpdOptions, type HttpdOptions, httpdHelp } from "./options.js";

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

export interface CollectOptions {
  /** Seconds from which on a worker hangs. */
  readonly hangingAfter?: number | undefined;
  /** Tells foreign and native workers, as apache-manager 2 does. */
  readonly counts?: boolean | undefined;
  /** What was killed before. */
  readonly killedActive?: number | undefined;
  readonly killedIdle?: number | undefined;
}

export interface Collected {
  readonly data: MetricsData;
  /** Why a page is missing; the rest has been collected. */
  readonly error: GatewayError | undefined;
}

/**
 * Collects what the metrics file tells. An httpd that is not found, and a page that cannot be read,
 * are told, and no error.
 */
export async function collectMetrics(
  found: Promise<Httpd>,
  table: ProcessTable,
  options: CollectOptions = {},
): Promise<Collected> {
  const httpd = await settled(found);
  return "error" in httpd
    ? collectWithout(httpd.error, table, options)
    : collectFrom(httpd.value, options);
}

/** Without a page only the processes tell: those of the one httpd that runs here. */
function collectWithout(
  error: GatewayError,
  table: ProcessTable,
  options: CollectOptions,
): Collected {
  const [server, other] = findServers(table);
  const children = other === undefined ? server?.children : undefined;
  const data: MetricsData = {
    status: undefined,
    responded: false,
    workersHanging: 0,
    workersKilledActive: options.killedActive ?? 0,
    workersKilledIdle: options.killedIdle ?? 0,
    workerCounts: options.counts ? countKinds([]) : undefined,
    memory: memoryUsageOf(children ?? []),
  };
  return { data, error };
}

async function collectFrom(httpd: Httpd, options: CollectOptions): Promise<Collected> {
  const status = await settled(httpd.source.status());
  // The other page would not come either, and take as long to say so.
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
    memory: memoryUsageOf(server?.children ?? []),
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

/** As apache-manager counts: what its page names, and every other child of httpd. */
function countKinds(workers: readonly ApacheWorker[]): { foreign: number; native: number } {
  const native = workers.filter(({ row }) => row !== undefined).length;
  return { foreign: workers.length - native, native };
}

/**
 * Writes metrics to a file, so that who reads it sees the old ones or these; or, to `-`, on
 * standard output.
 *
 * @throws GatewayError `bad_input` where the file cannot be written
 */
export async function saveMetrics(data: MetricsData, path: string, io: Io): Promise<void> {
  const text = formatMetrics(data);
  if (path === "-") return io.stdout.write(text);
  try {
    await writeAtomically(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new GatewayError(ErrorCode.BadInput, `the metrics file was not written: ${message}`, {
      hint:
        code === undefined
          ? "give the path of a file"
          : "its folder must exist, and this user be allowed to write to it",
      cause: error,
    });
  }
}
