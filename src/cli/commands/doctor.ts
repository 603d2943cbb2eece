import type { Command } from "commander";
import { type Examination, examine } from "../../doctor/doctor.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { wrapLines } from "../../terminal/wrap-lines.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { noTargetHelp, problemLines, repeatable } from "../options.js";
import { parseDuration } from "../parse-values.js";
import { reportErrors } from "../report-error.js";
import { doctorText } from "../reports/doctor.js";

interface DoctorCommandOptions {
  json?: boolean;
  timeout?: number;
  phpFpmConfig?: string[];
  opcache?: string;
}

const help = `
Says what is wrong with pools of this machine and what to change, the worst
first, each finding with what was seen and the file and line to edit. It reads
the status page, the configuration, the accept queue, the workers in /proc and
the logs, and changes nothing. It also describes a pool that does not answer.
Run it as root: what a user may not see is listed as not looked at. It takes
one to four seconds, and about ten at the most: of thousands of pools, it looks
first at those with waiting clients, and says how many it has left out.
docs/doctor.md lists the findings.

${noTargetHelp}

Exit status: 0 healthy; 1 findings, such as a pool that is dead or does not
answer; 2 could not look: nothing could be concluded about a pool, pools were
left out, or bad input. With 0, other things may not have been looked at: the
first line of a pool counts them.

Examples:
  fcgi-probe doctor
  fcgi-probe doctor unix:/run/php/php8.2-fpm.sock:/status
  fcgi-probe doctor --json | jq '.pools[].findings[] | .title'
`;

export function defineDoctor(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools")
    .option("-j, --json", "write all as JSON")
    .option(
      "-t, --timeout <time>",
      "how long the status page may take (default: 3s)",
      parseDuration,
    )
    .option(
      "--php-fpm-config <file>",
      "read this configuration instead, or a pattern",
      repeatable(String),
    )
    .option("--opcache <script>", "look at OPcache by php/opcache.php, installed at this path")
    .addHelpText("after", help)
    .action(async (targets: string[], options: DoctorCommandOptions) => {
      finish(await worstOf(io, () => runDoctor(targets, options, io)));
    });
}

async function runDoctor(
  targets: readonly string[],
  { json = false, timeout, phpFpmConfig, opcache }: DoctorCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const found = await examine(targets, {
    timeout,
    opcache,
    configurations: phpFpmConfig,
    signal: io.signal,
  }).catch((error: unknown) => {
    if (!io.signal.aborted) throw error;
    throw new GatewayError(ErrorCode.Aborted, "interrupted", { cause: error });
  });
  const { style, columns } = io.stdout;
  await io.stdout.write(
    json
      ? `${JSON.stringify(found, undefined, 2)}\n`
      : wrapLines(doctorText(found, style), columns),
  );
  await io.stderr.writeLines(problemLines(found.problems, io));
  return exitCodeFor(found);
}

function exitCodeFor({ pools, leftOut }: Examination): ExitCode {
  if (leftOut > 0 || pools.some(({ verdict }) => verdict === "unknown")) return ExitCode.Failed;
  const isSick = pools.some(({ verdict }) => verdict === "findings");
  return isSick ? ExitCode.NotConnected : ExitCode.Fine;
}

/** What keeps the doctor from looking is 2, whatever it is. */
async function worstOf(io: Io, work: () => Promise<ExitCode>): Promise<ExitCode> {
  let hasRun = false;
  const code = await reportErrors(io, async () => {
    const result = await work();
    hasRun = true;
    return result;
  });
  return hasRun || code === ExitCode.Interrupted ? code : ExitCode.Failed;
}
