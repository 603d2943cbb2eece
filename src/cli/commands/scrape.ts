import { type Command, Option } from "commander";
import { ErrorCode, GatewayError } from "../../errors.js";
import { pause } from "../../fleet/retry.js";
import { fleetInBatches } from "../../phpfpm/status.js";
import { Progress } from "../../terminal/progress.js";
import { ExitCode, worstStatusHelp } from "../exit-codes.js";
import { type Io, unreadableInput } from "../io.js";
import {
  formatOption,
  fullOption,
  jsonOption,
  quietOption,
  timeoutOption,
  timeoutOr,
  verboseOption,
} from "../options.js";
import { parseDuration, parsePositive } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { DistinctTargets, warningLines } from "../reports/round.js";
import { fileWarnings, formatOfFile, ScrapeFile } from "../scrape/scrape-file.js";
import { type FailOn, failOnChoices, ScrapeSummary } from "../scrape/scrape-summary.js";
import { ScrapeTargets } from "../scrape/scrape-targets.js";
import { type ScrapeFormat, scrapeFormats, scrapeWriter } from "../scrape/scrape-writer.js";

interface ScrapeCommandOptions {
  concurrency?: number;
  threads?: number;
  timeout?: number;
  format?: ScrapeFormat;
  full?: true;
  output?: string;
  interval?: number;
  failOn: FailOn;
  verbose?: true;
  quiet?: true;
}

const help = `
The first argument is a FILE when a file of that name exists, or when it is -,
standard input; all other arguments are addresses. A file has one address per
line, with # comments, or it is YAML: a list of addresses, targets: with such a
list, or the file_sd format of Prometheus, whose labels the results have.

Formats:
  ndjson      one JSON object per line; the default in a pipe
  json        one array of these objects
  table       the default on a terminal
  prometheus  metrics with the names of php-fpm_exporter, written after the last
              answer; a target that is given twice is read once, and a warning
              names it
The objects are those of fcgi-probe status --json.

Without an argument it reads standard input; where that is a terminal or
/dev/null, it reads the pools of this machine, see fcgi-probe discover --help.

Results come in the order of the answers, and a summary goes to standard error.
A target is tried a second time after a failure that may be temporary; --timeout
includes both tries. --threads N shares the targets over N threads, which
need more CPU in all: use it where one core is busy and others are idle.

--output replaces the file as a whole when all targets are read, with the mode
0644. FILE.prom gets metrics, for node_exporter's textfile collector, and
FILE.json the format json. --interval reads the targets again and again; their
list is read once.

${worstStatusHelp}
--fail-on all ignores failures while one target answers, never ignores them all.

Examples:
  fcgi-probe scrape targets.txt
  fcgi-probe scrape pools.yaml --concurrency 64 --timeout 2s --format prometheus
  ls /run/php/*.sock | fcgi-probe scrape - | jq -r 'select(.ok | not).target'
  fcgi-probe scrape 10.0.0.1:9000/status 10.0.0.2:9000/status --json
  fcgi-probe scrape pools.yaml -q -o /var/lib/node_exporter/fpm.prom --interval 15s
`;

export function defineScrape(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .usage("[options] [FILE|-] [TARGET...]")
    .argument("[FILE|TARGET...]", "a file of targets, or addresses")
    .option("--concurrency <count>", "targets to read at once (default: 256)", parsePositive)
    .option("--threads <count>", "threads that read them (default: none of its own)", parsePositive)
    .addOption(timeoutOption("status"))
    .addOption(formatOption(scrapeFormats))
    .addOption(jsonOption())
    .addOption(fullOption())
    .option("-o, --output <file>", "write the results to this file, which is replaced as a whole")
    .option("--interval <time>", "read the targets again at this interval", parseDuration)
    .addOption(
      new Option("--fail-on <which>", "the failures of targets that count for the exit status")
        .choices(failOnChoices)
        .default("any"),
    )
    .addOption(verboseOption())
    .addOption(quietOption("show no progress and no summary"))
    .addHelpText("after", help)
    .action(async (args: string[], options: ScrapeCommandOptions) => {
      finish(await runScrape(args, options, io));
    });
}

async function runScrape(
  args: readonly string[],
  options: ScrapeCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const { interval, output } = options;
  const format = formatOf(options, io);
  if (output !== undefined) await io.stderr.writeLines(fileWarnings(output, format, io));
  try {
    const targets = await ScrapeTargets.open(args, interval !== undefined, io);
    for (;;) {
      const next = performance.now() + (interval ?? 0);
      const exitCode = await scrapeOnce(targets, { ...options, format }, io);
      if (interval === undefined || io.signal.aborted) return exitCode;
      await pause(Math.max(0, next - performance.now()), io.signal);
      if (io.signal.aborted) return ExitCode.Interrupted;
    }
  } catch (error) {
    // An interrupted command has closed the file that was being read.
    if (io.signal.aborted) return ExitCode.Interrupted;
    throw asGatewayError(error);
  }
}

/** @throws GatewayError `bad_input` for a format that cannot be repeated on standard output */
function formatOf({ format, output, interval }: ScrapeCommandOptions, io: Io): ScrapeFormat {
  if (output !== undefined) return format ?? formatOfFile(output);
  const chosen = format ?? (io.stdout.isTerminal ? "table" : "ndjson");
  if (interval === undefined || (chosen !== "json" && chosen !== "prometheus")) return chosen;
  throw new GatewayError(ErrorCode.BadInput, `${chosen} of several rounds is no ${chosen}`, {
    hint: "write it to a file, as in --output pools.prom, or use --format ndjson",
  });
}

/** Reads all targets once. */
async function scrapeOnce(
  targets: ScrapeTargets,
  options: ScrapeCommandOptions & { readonly format: ScrapeFormat },
  io: Io,
): Promise<ExitCode> {
  const { format, quiet, verbose, output, failOn } = options;
  const progress = quiet ? undefined : new Progress(io.stderr, targets.total);
  const file = output === undefined ? undefined : new ScrapeFile(output);
  const writer = scrapeWriter(format, file ?? io.stdout, () => {
    // Rows and the progress line share the terminal.
    if (io.stdout.isTerminal) progress?.hide();
  });
  const summary = new ScrapeSummary(io, verbose === true);
  const distinct = new DistinctTargets();
  const report = async (lines: readonly string[]): Promise<void> => {
    if (lines.length === 0) return;
    progress?.hide();
    await io.stderr.writeLines(lines);
  };
  let problem: GatewayError | undefined;
  try {
    const lists = targets.lists();
    const wanted = format === "prometheus" ? newOf(lists, distinct) : lists;
    for await (const batch of fleetInBatches(wanted, fleetOptions(options, io))) {
      for (const result of batch) {
        if (io.signal.aborted) break;
        progress?.step(result.ok);
        const labels = targets.labelsOf(result.target);
        const lines = summary.add(result);
        const written = writer.add(labels === undefined ? result : { ...result, labels });
        if (written !== undefined) await written;
        const hasNews = lines.length > 0 || (result.ok && result.value.warnings.length > 0);
        if (hasNews) await report([...lines, ...warningLines([result], io)]);
      }
    }
    await writer.end();
    // A scrape that was interrupted leaves the file as it is.
    if (!io.signal.aborted) await file?.replace();
  } catch (error) {
    await writer.end();
    // An interrupted command has closed the file that was being read.
    if (!io.signal.aborted) problem = asGatewayError(error);
  }
  progress?.close();
  const hasErrorsInOutput = format === "json" || format === "ndjson";
  await io.stderr.writeLines([
    ...(problem === undefined ? [] : errorLines(problem, io.stderr.style)),
    ...distinct.warningLines(io),
    ...(hasErrorsInOutput || io.signal.aborted ? [] : summary.failureLines()),
    ...(quiet || io.stdout.error !== undefined ? [] : [summary.line()]),
  ]);
  if (io.signal.aborted) return ExitCode.Interrupted;
  return problem === undefined ? summary.exitCode(failOn) : ExitCode.Failed;
}

function fleetOptions({ concurrency, threads, timeout, full }: ScrapeCommandOptions, io: Io) {
  const { signal } = io;
  return { concurrency, threads, timeout: timeoutOr(timeout, "status"), full, signal };
}

async function* newOf(lists: AsyncIterable<readonly string[]>, distinct: DistinctTargets) {
  for await (const targets of lists) yield distinct.of(targets);
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return unreadableInput(message, error);
}
