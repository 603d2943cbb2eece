import type { Command } from "commander";
import { getValues } from "../../client/get-values.js";
import { GatewayError } from "../../errors.js";
import { ExitCode, exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { visible } from "../terminal/text.js";

const help = `
Prints NAME=value lines. FastCGI knows FCGI_MAX_CONNS, FCGI_MAX_REQS and
FCGI_MPXS_CONNS, which are asked for when no NAME is given; an application
leaves out what it does not know.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input.

Examples:
  fcgi-probe values unix:/run/php/php8.2-fpm.sock
  fcgi-probe values 127.0.0.1:9000 FCGI_MPXS_CONNS
`;

export function defineValues(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<TARGET>", "address of the application")
    .argument("[NAME...]", "what to ask for")
    .option("--timeout <time>", "until it must have answered (default: 5s)", parseDuration)
    .addHelpText("after", help)
    .action(async (target: string, names: string[], options: { timeout?: number }) => {
      finish(await runValues(target, names, options.timeout, io));
    });
}

async function runValues(
  target: string,
  names: readonly string[],
  timeout: number | undefined,
  io: Io,
): Promise<ExitCode> {
  try {
    const asked = names.length > 0 ? names : undefined;
    const values = await getValues(target, asked, { timeout: timeout ?? 5_000, signal: io.signal });
    const lines = [...values].map(([name, value]) => `${visible(name)}=${visible(value)}`);
    await io.stdout.writeLines(lines);
    return ExitCode.Fine;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (io.signal.aborted) return ExitCode.Interrupted;
    await io.stderr.writeLines(errorLines(error, io.stderr.style));
    return exitCodeOf(error.code);
  }
}
