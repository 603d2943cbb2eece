import type { Command } from "commander";
import { targetAddress } from "../../client/connect.js";
import { probeAll } from "../../fleet/probe.js";
import { ping } from "../../phpfpm/status.js";
import { ExitCode, exitCodeOf, worse } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration, parsePagePath } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { visible } from "../terminal/text.js";
import { formatMilliseconds } from "../terminal/units.js";

interface PingCommandOptions {
  path?: string;
  timeout?: number;
}

const help = `
Asks for the path of the address, or /ping: set ping.path = /ping in the pool.
Without a TARGET, the sockets in /run/php and /run/php-fpm are asked. Results
come in the order of the answers.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input;
of several targets the worst.

Examples:
  fcgi-probe ping unix:/run/php/php8.2-fpm.sock
  fcgi-probe ping --timeout 500ms 127.0.0.1:9000/ping 127.0.0.1:9001/ping
`;

export function definePing(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools")
    .option(
      "--path <path>",
      "the ping path, whatever the addresses say (default: /ping)",
      parsePagePath,
    )
    .option("--timeout <time>", "until a pool must have answered (default: 5s)", parseDuration)
    .addHelpText("after", help)
    .action(async (targets: string[], options: PingCommandOptions) => {
      finish(await runPing(targets, options, io));
    });
}

async function runPing(
  given: readonly string[],
  { path, timeout }: PingCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const targets =
    given.length > 0
      ? given
      : (await import("../../discovery/php-fpm-sockets.js")).discoverTargets();
  const probe = async (target: string, limits: { timeout: number; signal: AbortSignal }) => {
    const address = targetAddress(target);
    return ping(path === undefined ? address : { ...address, path }, limits);
  };
  let exitCode: ExitCode = ExitCode.Fine;
  const results = probeAll(targets, probe, { timeout, retries: 0, signal: io.signal });
  for await (const result of results) {
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
