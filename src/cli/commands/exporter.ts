import { GatewayError } from "../../errors.js";
import { packageVersion } from "../../exporter/package-version.js";
import { ExitCode } from "../exit-codes.js";
import { badFlagValue } from "../exporter/flag-values.js";
import { exporterHelp } from "../exporter/help.js";
import { type CommandLine, parseFlags } from "../exporter/parse-flags.js";
import { flagTargets } from "../exporter/targets.js";
import type { Io } from "../io.js";
import { errorLines, warningLine } from "../report-error.js";

/** The commands of php-fpm_exporter. */
const peerCommands = ["server", "get", "version"] as const;
type PeerCommand = (typeof peerCommands)[number];

/** Runs `fcgi-probe exporter`, and php-fpm_exporter's `server`, `get` and `version`. */
export async function runExporter(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const { operands, ...given } = parseFlags(args, io.env);
    const command = peerCommands.find((name) => name === operands[0]);
    const line = { ...given, operands: command === undefined ? operands : operands.slice(1) };
    return await runCommand(command, line, io);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // A configuration has a line for each of its errors.
    for (const message of error.message.split("\n").slice(0, -1)) {
      await io.stderr.writeLines([warningLine(message, io)]);
    }
    const { code, hint, address } = error;
    const last = new GatewayError(code, error.message.replace(/^.*\n/s, ""), { hint, address });
    await io.stderr.writeLines(errorLines(last, io.stderr.style));
    return ExitCode.Failed;
  }
}

async function runCommand(
  command: PeerCommand | undefined,
  line: CommandLine,
  io: Io,
): Promise<ExitCode> {
  const { values } = line;
  if (values.help) {
    await io.stdout.write(exporterHelp());
    return ExitCode.Fine;
  }
  if (values.version || command === "version") {
    await io.stdout.write(`${packageVersion()}\n`);
    return ExitCode.Fine;
  }
  if (command === "get") {
    const { getStatus } = await import("../exporter/get.js");
    return getStatus(flagTargets(line, command), values, io);
  }
  if (values.out !== undefined) {
    throw badFlagValue("--out is a flag of get", "write fcgi-probe exporter get --out json");
  }
  if (values.checkConfig) {
    const { printCheck } = await import("../exporter/check-configuration.js");
    return printCheck(() => flagTargets(line, command), values, io);
  }
  const { serveMetrics } = await import("../exporter/serve-metrics.js");
  return serveMetrics(line, command, io);
}
