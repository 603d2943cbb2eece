import type { Command } from "commander";
import { getValues } from "../../client/get-values.js";
import { visible } from "../../terminal/text.js";
import { ExitCode, exitStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { timeoutOption, timeoutOr } from "../options.js";
import { reportErrors } from "../report-error.js";

const help = `
Prints lines of NAME=value. FastCGI defines FCGI_MAX_CONNS, FCGI_MAX_REQS and
FCGI_MPXS_CONNS; without a NAME, all three are requested. An application leaves
out names that it does not know.

${exitStatusHelp}

Examples:
  fcgi-probe values unix:/run/php/php8.2-fpm.sock
  fcgi-probe values 127.0.0.1:9000 FCGI_MPXS_CONNS
`;

export function defineValues(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<TARGET>", "address of the application")
    .argument("[NAME...]", "names of the values to request")
    .addOption(timeoutOption("status"))
    .addHelpText("after", help)
    .action(async (target: string, names: string[], options: { timeout?: number }) => {
      finish(await reportErrors(io, () => runValues(target, names, options.timeout, io)));
    });
}

async function runValues(
  target: string,
  given: readonly string[],
  timeout: number | undefined,
  io: Io,
): Promise<ExitCode> {
  const names = given.length > 0 ? given : undefined;
  const options = { timeout: timeoutOr(timeout, "status"), signal: io.signal };
  const values = await getValues(target, names, options);
  const lines = [...values].map(([name, value]) => `${visible(name)}=${visible(value)}`);
  await io.stdout.writeLines(lines);
  return ExitCode.Fine;
}
