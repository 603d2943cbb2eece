import type { Command } from "commander";
import { probeAll } from "../../fleet/probe.js";
import { ping } from "../../phpfpm/status.js";
import { visible } from "../../terminal/text.js";
import { formatMilliseconds } from "../../terminal/units.js";
import { ExitCode, exitCodeOf, worse, worstStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { noTargetHelp, pathOption, poolTargets, timeoutOption, timeoutOr } from "../options.js";
import { errorLines } from "../report-error.js";
import { probePool } from "../reports/round.js";

interface PingCommandOptions {
  path?: string;
  timeout?: number;
}

const help = `
A pool answers pings when its configuration has ping.path = /ping. Results come
in the order of the answers.

${noTargetHelp}

${worstStatusHelp}

Examples:
  fcgi-probe ping unix:/run/php/php8.2-fpm.sock
  fcgi-probe ping --timeout 500ms 127.0.0.1:9000/ping 127.0.0.1:9001/ping
`;

export function definePing(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools")
    .addOption(pathOption("ping", "/ping"))
    .addOption(timeoutOption("status"))
    .addHelpText("after", help)
    .action(async (targets: string[], options: PingCommandOptions) => {
      finish(await runPing(await poolTargets(targets, "ping", io), options, io));
    });
}

async function runPing(
  targets: readonly string[],
  options: PingCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const timeout = timeoutOr(options.timeout, "status");
  const limits = { timeout, retries: 0, signal: io.signal };
  let exitCode: ExitCode = ExitCode.Fine;
  for await (const result of probeAll(targets, probePool(options.path, ping), limits)) {
    if (io.signal.aborted) return ExitCode.Interrupted;
    if (result.ok) {
      const time = formatMilliseconds(result.elapsed);
      const answer = visible(result.value.trim());
      await io.stdout.write(`${visible(result.target)}: ${answer} (${time})\n`);
    } else {
      await io.stderr.writeLines(errorLines(result.error, io.stderr.style));
      exitCode = worse(exitCode, exitCodeOf(result.error.code));
    }
  }
  return io.signal.aborted ? ExitCode.Interrupted : exitCode;
}
