import { type Command, Option } from "commander";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration, parsePagePath } from "../parse-values.js";
import { formats, readRound, type StatusFormat } from "../reports/status-round.js";

interface StatusCommandOptions {
  full?: true;
  format?: StatusFormat;
  path?: string;
  timeout?: number;
  watch?: number;
}

const help = `
Formats:
  table       a line a pool; with --full also the processes, those with a
              request first, the longest-running on top, those that are being
              created last
  text        the page exactly as the pool sent it; of several pools, each
              behind its address; on a terminal, with control characters shown
              escaped
  json        an array with an object per target
  prometheus  metrics as php-fpm_exporter names them; those of processes with
              --full; a target that is given twice is read once, and named in a
              warning
The default is table on a terminal and for several targets, and text for one
target in a pipe.

Columns of the table: PEAK the most processes that were active at once, QUEUE
connections that wait (and the queue's size), MAXED how often pm.max_children
was reached, SLOW slow requests. A narrow terminal has fewer of them.

Without a TARGET, the sockets in /run/php and /run/php-fpm are read. Times are
as in 500ms, 5s, 1m; a number alone is seconds. --watch ends with q or Ctrl-C.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input;
of several targets the worst.

Examples:
  fcgi-probe status unix:/run/php/php8.2-fpm.sock:/status
  fcgi-probe status --full 127.0.0.1:9000/status
  fcgi-probe status --full --watch 2s unix:/run/php/www.sock:/status
  fcgi-probe status --format json 10.0.0.{1,2}:9000/status | jq '.[].pool'
`;

export function defineStatus(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools")
    .option("-f, --full", "the processes as well")
    .addOption(new Option("--format <form>", "how to show it").choices(formats))
    .option(
      "--path <path>",
      "the status path, whatever the addresses say (default: /status)",
      parsePagePath,
    )
    .option("--timeout <time>", "until a pool must have answered (default: 5s)", parseDuration)
    .option("--watch <time>", "read it again and again, this often", parseDuration)
    .addHelpText("after", help)
    .action(async (targets: string[], options: StatusCommandOptions) => {
      finish(await runStatus(targets, options, io));
    });
}

async function runStatus(
  given: readonly string[],
  options: StatusCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const targets =
    given.length > 0
      ? given
      : (await import("../../discovery/php-fpm-sockets.js")).discoverTargets();
  const format = options.format ?? defaultFormat(targets, io);
  const round = () => readRound(targets, { ...options, format }, io);
  if (options.watch !== undefined) {
    const { watch } = await import("../reports/watch.js");
    return watch(round, options.watch, io);
  }
  const { render, problems, exitCode } = await round();
  if (io.signal.aborted) return ExitCode.Interrupted;
  await io.stdout.write(render());
  await io.stderr.writeLines(problems);
  return exitCode;
}

function defaultFormat(targets: readonly string[], io: Io): StatusFormat {
  return io.stdout.isTerminal || targets.length > 1 ? "table" : "text";
}
