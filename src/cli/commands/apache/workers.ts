import { type Command, Option } from "commander";
import { HANGING_AFTER, isHanging } from "../../../apache/page/worker-row.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import type { LocalWorkers } from "../../../apache/workers/local-workers.js";
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ExitCode, exitStatusHelp } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { formatOption, jsonOption } from "../../options.js";
import { reportErrors, warningLine } from "../../report-error.js";
import {
  sortWorkers,
  type WorkerSortKey,
  workerSortKeys,
} from "../../reports/apache/worker-order.js";
import { workerLines } from "../../reports/apache/worker-table.js";
import { addHangingAfter, addHttpdOptions, type HttpdOptions, httpdHelp } from "./options.js";

export interface WorkersOptions extends HttpdOptions {
  format?: "table" | "json";
  full?: true;
  hanging?: true;
  /** Seconds. */
  hangingAfter?: number;
  sort?: WorkerSortKey;
}

const help = `
One line per worker: a process (prefork) or a thread (worker, event), and the
daemons of mod_wsgi. Any other child of httpd is shown as "helper or unused": a
worker without a request so far, or a helper of a module. Active workers come
first, the longest request on top, unless --sort says otherwise; the worker that
serves this page counts as idle. A narrow terminal shows fewer columns.

Columns: STATE is the state in the scoreboard, AGE the time since the latest
request began, TOOK the duration of the latest finished request, CPU and MEMORY
those of the process (PSS: shared pages are divided among the processes that
share them), REQUESTS the requests that the process has served.

Sort keys: ss sorts active workers before others, and both by AGE; all keys put
the largest value first.

${httpdHelp}

${exitStatusHelp}

Examples:
  fcgi-probe apache workers --sort memory
  fcgi-probe apache workers --hanging --hanging-after 30s http://127.0.0.1/server-status
`;

export function defineWorkers(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addHttpdOptions(command)
    .addOption(new Option("--sort <key>", "what to sort by (default: ss)").choices(workerSortKeys))
    .option("--hanging", "show only hanging workers");
  addHangingAfter(command)
    .option("--full", "show every column, and cut nothing")
    .addOption(formatOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: WorkersOptions) => {
      finish(await reportErrors(io, () => runWorkers(url, options, io, new ProcFileSystem())));
    });
}

/** Shows the workers of one httpd. */
export async function runWorkers(
  url: string | undefined,
  options: WorkersOptions,
  io: Io,
  table: ProcessTable,
): Promise<ExitCode> {
  const httpd = await Httpd.find({ ...options, url, signal: io.signal }, table);
  const reading = await httpd.workers();
  const { hangingAfter = HANGING_AFTER, sort = "ss" } = options;
  const wanted = options.hanging
    ? reading.workers.filter(({ row }) => row !== undefined && isHanging(row, hangingAfter))
    : reading.workers;
  const workers = sortWorkers(wanted, sort);
  const proportionalMemory = readOnce((pid) => table.proportionalMemory(pid));
  if (options.format === "json") {
    const all = workers.map((worker) => workerJson(worker, hangingAfter, proportionalMemory));
    await io.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  } else {
    const shown = { hangingAfter, proportionalMemory, full: options.full === true };
    const { style, columns } = io.stdout;
    await io.stdout.writeLines(workerLines(workers, shown, style, columns));
  }
  await io.stderr.writeLines(notes(reading, io));
  return ExitCode.Fine;
}

/** Reads each process once. A process can have many workers, and each shows its memory. */
function readOnce(read: (pid: number) => number | undefined): (pid: number) => number | undefined {
  const known = new Map<number, number | undefined>();
  return (pid) => {
    if (!known.has(pid)) known.set(pid, read(pid));
    return known.get(pid);
  };
}

/** A worker in the command's JSON. */
function workerJson(
  { kind, pid, row, process, activity, group }: ApacheWorker,
  hangingAfter: number,
  proportionalMemory: (pid: number) => number | undefined,
): object {
  return {
    kind,
    group,
    activity,
    hanging: row !== undefined && isHanging(row, hangingAfter),
    memory: process?.rss,
    proportionalMemory: process === undefined ? undefined : proportionalMemory(process.pid),
    threads: process?.threads,
    ...row,
    pid,
  };
}

function notes({ page, server, doubt }: LocalWorkers, io: Io): string[] {
  const lines: string[] = [];
  if (page.malformedRows > 0) {
    lines.push(warningLine(`${page.malformedRows} rows of the page do not fit its headings`, io));
  }
  if (doubt !== undefined && server === undefined) {
    lines.push(warningLine(`the memory of these processes is unknown: ${doubt.reason}`, io));
  }
  return lines;
}
