import { type Command, Option } from "commander";
import { parseTimespan } from "../../../apache/manager/quantities.js";
import { HANGING_AFTER, isHanging } from "../../../apache/page/worker-row.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import type { LocalWorkers } from "../../../apache/workers/local-workers.js";
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reported } from "../../report-error.js";
import { workerLines } from "../../reports/apache/worker-table.js";
import { visible } from "../../terminal/text.js";
import { addHttpdOptions, type HttpdOptions, httpdHelp } from "./options.js";

const sortKeys = ["ss", "memory", "cpu", "requests"] as const;
type SortKey = (typeof sortKeys)[number];

export interface WorkersOptions extends HttpdOptions {
  format?: "table" | "json";
  full?: true;
  hanging?: true;
  /** Seconds. */
  hangingAfter?: number;
  sort?: SortKey;
}

const help = `
A line a worker: a process (prefork) or a thread of one (worker, event), the
daemons of mod_wsgi, and as "helper or unused" what else httpd has started: a
worker that had no request yet, or a helper of a module. Those that are at work
come first, longest on top, unless --sort says otherwise; the one that answers
this request is not at work. A narrow terminal has fewer columns.

Columns: STATE what the scoreboard says, AGE since the latest request began,
TOOK how long the latest whole one took, CPU and MEMORY of the process (PSS:
shared pages divided among their users), REQUESTS that the process has served.

${httpdHelp}

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input.

Examples:
  fcgi-probe apache workers --sort memory
  fcgi-probe apache workers --hanging --hanging-after 30s http://127.0.0.1/server-status
`;

export function defineWorkers(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addHttpdOptions(command.argument("[URL]", "its status page"))
    .addOption(new Option("--sort <by>", "what comes first (default: ss)").choices(sortKeys))
    .option("--hanging", "only those that have been on one request for long")
    .option("--hanging-after <time>", "how long that is (default: 5m)", parseTimespan)
    .option("--full", "every column, and nothing cut")
    .addOption(new Option("--format <form>", "how to show it").choices(["table", "json"]))
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: WorkersOptions) => {
      finish(await reported(io, () => runWorkers(url, options, io, new ProcFileSystem())));
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
  const workers = [...wanted].sort(comparers[sort]);
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

/** A process has many workers, each of which is asked for its memory more than once. */
function readOnce(read: (pid: number) => number | undefined): (pid: number) => number | undefined {
  const known = new Map<number, number | undefined>();
  return (pid) => {
    if (!known.has(pid)) known.set(pid, read(pid));
    return known.get(pid);
  };
}

type Comparer = (one: ApacheWorker, other: ApacheWorker) => number;

/** The largest first; what is not known comes last. */
const by =
  (value: (worker: ApacheWorker) => number | undefined): Comparer =>
  (one, other) =>
    (value(other) ?? -1) - (value(one) ?? -1);
const isActive = ({ row, activity }: ApacheWorker) =>
  Number(row !== undefined && activity === "active");
const byAge = by(({ row }) => row?.secondsSinceRequest);

const comparers: Readonly<Record<SortKey, Comparer>> = {
  ss: (one, other) => isActive(other) - isActive(one) || byAge(one, other),
  memory: by(({ process }) => process?.rss),
  cpu: by(({ row }) => row?.cpu),
  requests: by(({ row }) => row?.childAccesses),
};

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
  const name = io.stderr.style.warning("fcgi-probe:");
  const lines: string[] = [];
  if (page.malformedRows > 0) {
    lines.push(`${name} ${page.malformedRows} rows of the page do not fit its headings`);
  }
  if (doubt !== undefined && server === undefined) {
    lines.push(`${name} the memory of these processes is not known: ${visible(doubt.reason)}`);
  }
  return lines;
}
