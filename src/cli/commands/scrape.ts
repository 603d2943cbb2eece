import type { Command } from "commander";
import { countTargets, isTargetsFile, readTargets } from "../../discovery/target-files.js";
import { GatewayError } from "../../errors.js";
import { fleetInBatches } from "../../phpfpm/status.js";
import { Progress } from "../../terminal/progress.js";
import { counted, formatMilliseconds } from "../../terminal/units.js";
import { ExitCode, exitCodeOf, worse, worstStatusHelp } from "../exit-codes.js";
import {
  hasInput,
  type Io,
  inputStream,
  openInput,
  standardInput,
  unreadableInput,
} from "../io.js";
import { formatOption, fullOption, poolTargets, timeoutOption, timeoutOr } from "../options.js";
import { parsePositive } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { DistinctTargets, warningLines } from "../reports/round.js";
import { type ScrapeFormat, scrapeFormats, scrapeWriter } from "../reports/scrape-writer.js";

interface ScrapeCommandOptions {
  concurrency?: number;
  threads?: number;
  timeout?: number;
  format?: ScrapeFormat;
  full?: true;
}

const help = `
The first argument is a FILE when a file of that name exists, or when it is -,
standard input; all other arguments are addresses. A file has one address per
line, with # comments, or it is YAML: a list of addresses, targets: with such a
list, or the file_sd format of Prometheus. Lines are read as they are needed.

Formats:
  ndjson      one JSON object per line; the default in a pipe
  json        one array of these objects
  table       the default on a terminal
  prometheus  metrics with the names of php-fpm_exporter, written after the last
              answer; a target that is given twice is read once, and a warning
              names it
The objects are those of fcgi-probe status --format json.

Without an argument it reads standard input; where that is a terminal or /dev/null,
it reads the pools of this machine, see fcgi-probe discover --help.

Results come in the order of the answers, and a summary goes to standard error.
A target is tried a second time after a failure that may be temporary; --timeout
includes both tries. --threads N shares the targets over N threads, which
need more CPU in all: use it where one core is busy and others are idle.

${worstStatusHelp}

Examples:
  fcgi-probe scrape targets.txt
  fcgi-probe scrape pools.yaml --concurrency 64 --timeout 2s --format prometheus
  ls /run/php/*.sock | fcgi-probe scrape - | jq -r 'select(.ok | not).target'
  fcgi-probe scrape 10.0.0.1:9000/status 10.0.0.2:9000/status --format json
`;

export function defineScrape(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .usage("[options] [FILE|-] [TARGET...]")
    .argument("[ARGUMENT...]", "a file of targets, or addresses")
    .option("--concurrency <count>", "targets to read at once (default: 256)", parsePositive)
    .option("--threads <count>", "threads that read them (default: none of its own)", parsePositive)
    .addOption(timeoutOption("status"))
    .addOption(formatOption(scrapeFormats))
    .addOption(fullOption())
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
  const { file, addresses } = await sourcesOf(args, io);
  const { concurrency, threads, full } = options;
  const timeout = timeoutOr(options.timeout, "status");
  const format = options.format ?? (io.stdout.isTerminal ? "table" : "ndjson");
  const progress = new Progress(io.stderr, await totalOf(file, addresses.length, io));
  const writer = scrapeWriter(format, io.stdout, () => {
    // Rows and the progress line share the terminal.
    if (io.stdout.isTerminal) progress.hide();
  });
  const summary = new Summary();
  const distinct = new DistinctTargets();
  let problem: GatewayError | undefined;
  try {
    const given = allTargets(file, addresses, io);
    const targets = format === "prometheus" ? newOf(given, distinct) : given;
    const batches = fleetInBatches(targets, {
      concurrency,
      threads,
      timeout,
      full,
      signal: io.signal,
    });
    for await (const batch of batches) {
      for (const result of batch) {
        if (io.signal.aborted) break;
        progress.step(result.ok);
        summary.add(result);
        const written = writer.add(result);
        if (written !== undefined) await written;
        if (!result.ok || result.value.warnings.length === 0) continue;
        progress.hide();
        await io.stderr.writeLines(warningLines([result], io));
      }
    }
  } catch (error) {
    // An interrupted command has closed the file that was being read.
    if (!io.signal.aborted) problem = asGatewayError(error);
  }
  progress.hide();
  await writer.end();
  progress.close();
  if (problem !== undefined) await io.stderr.writeLines(errorLines(problem, io.stderr.style));
  await io.stderr.writeLines(distinct.warningLines(io));
  if (io.stdout.error === undefined) await summary.write(io, format);
  if (io.signal.aborted) return ExitCode.Interrupted;
  return problem === undefined ? summary.exitCode : ExitCode.Failed;
}

async function sourcesOf(args: readonly string[], io: Io) {
  const [first, ...others] = args;
  if (first === undefined) {
    if (hasInput(io)) return { file: "-", addresses: [] };
    return { file: undefined, addresses: await poolTargets([], "status", io) };
  }
  return isTargetsFile(first)
    ? { file: first, addresses: others }
    : { file: undefined, addresses: args };
}

/** The number of targets, for the progress bar; undefined where counting them is not cheap. */
async function totalOf(file: string | undefined, addresses: number, io: Io) {
  if (!io.stderr.isTerminal || file === undefined) return addresses;
  const count = file === "-" ? undefined : await countTargets(file);
  return count === undefined ? undefined : count + addresses;
}

async function* allTargets(file: string | undefined, addresses: readonly string[], io: Io) {
  if (file !== undefined) {
    const source = file === "-" ? standardInput(io) : inputStream(openInput(file), io.signal);
    yield* readTargets(source, file === "-" ? "standard input" : file);
  }
  yield addresses;
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

/** Counts successes, and failures by their code. */
class Summary {
  readonly #started = performance.now();
  readonly #failures = new Map<string, { count: number; hint: string }>();
  #ok = 0;
  exitCode: ExitCode = ExitCode.Fine;

  add(result: { ok: true } | { ok: false; error: GatewayError }): void {
    if (result.ok) {
      this.#ok++;
      return;
    }
    const { code, hint } = result.error;
    const before = this.#failures.get(code);
    if (before === undefined) this.#failures.set(code, { count: 1, hint });
    else before.count++;
    this.exitCode = worse(this.exitCode, exitCodeOf(code));
  }

  /** One line; with a table, which has no room for hints, also the hint for each code. */
  async write(io: Io, format: ScrapeFormat): Promise<void> {
    const failures = [...this.#failures].sort((one, other) => other[1].count - one[1].count);
    const total = failures.reduce((sum, [, { count }]) => sum + count, this.#ok);
    const parts = [`${this.#ok} ok`, ...failures.map(([code, { count }]) => `${count} ${code}`)];
    const elapsed = formatMilliseconds(performance.now() - this.#started);
    const cut = io.signal.aborted ? ", interrupted" : "";
    const hints = format === "table" ? failures : [];
    await io.stderr.writeLines([
      `${counted(total, "target", "targets")}: ${parts.join(", ")} in ${elapsed}${cut}`,
      ...hints.map(([code, { hint }]) => `hint: ${code}: ${hint}`),
    ]);
  }
}
