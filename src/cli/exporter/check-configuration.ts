import { checkConfiguration } from "../../exporter/config/check-configuration.js";
import { textfileProblem } from "../../exporter/push/textfile.js";
import type { ScrapeTarget } from "../../exporter/target.js";
import { counted } from "../../terminal/units.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { warningLine } from "../report-error.js";
import { checkProcess } from "./check-process.js";
import { ErrorList } from "./error-list.js";
import { badFlagValue } from "./flag-values.js";
import type { FlagValues } from "./flags.js";
import { processSettings } from "./process-settings.js";

/**
 * Checks the files that the flags name, and prints what is in them. It connects to no target, and
 * loads the packages that a push needs.
 *
 * @param targets returns the targets of the command line, or throws what is wrong with them
 * @throws GatewayError `bad_input` with all errors, a line each, with their places
 */
export async function printCheck(
  targets: () => readonly ScrapeTarget[],
  values: FlagValues,
  io: Io,
): Promise<ExitCode> {
  const errors = new ErrorList();
  const given = errors.attempt(targets) ?? [];
  const { config } = values;
  const checked =
    config === undefined ? undefined : await errors.settle(checkConfiguration(config));
  const settings = errors.attempt(() => processSettings(values, checked?.configuration));
  if (settings !== undefined) await checkProcess(settings, errors);
  // That of the configuration was checked with its place.
  const { textfile } = values;
  const problem = textfile === undefined ? undefined : textfileProblem(textfile);
  if (problem !== undefined) errors.attempt(() => refuseFlag(`--textfile: ${problem}`));
  errors.throwAny();
  if (config === undefined || checked === undefined) {
    const count = counted(given.length, "target", "targets");
    await io.stdout.write(`the command line is valid: ${count}\n`);
    return ExitCode.Fine;
  }
  const { counts, warnings } = checked;
  const sources = counts.map(
    ({ source, targets: count }) => `  ${source}: ${counted(count, "target", "targets")}`,
  );
  await io.stdout.writeLines([`${config} is valid:`, ...sources]);
  await io.stderr.writeLines(warnings.map((text) => warningLine(`warning: ${text}`, io)));
  return ExitCode.Fine;
}

function refuseFlag(message: string): never {
  throw badFlagValue(message, "name a file in a folder that exists");
}
