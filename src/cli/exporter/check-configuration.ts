import { checkConfiguration } from "../../exporter/config/check-configuration.js";
import { parseConfiguration, readConfigurationFile } from "../../exporter/config/configuration.js";
import type { ScrapeTarget } from "../../exporter/target.js";
import { counted } from "../../terminal/units.js";
import { checkWebConfig } from "../../web/listener.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { warningLine } from "../report-error.js";
import type { FlagValues } from "./flags.js";
import { processSettings } from "./process-settings.js";
import { preparePushes } from "./pushes.js";

/**
 * Checks the files that the flags name, and prints what is in them. It connects to no target, and
 * loads the packages that a push needs.
 *
 * @throws GatewayError `bad_input` with the place of each error
 */
export async function printCheck(
  given: readonly ScrapeTarget[],
  values: FlagValues,
  io: Io,
): Promise<ExitCode> {
  const { config } = values;
  const file =
    config === undefined
      ? undefined
      : parseConfiguration(await readConfigurationFile(config), config).configuration;
  const settings = processSettings(values, file);
  if (settings.webConfig !== undefined) checkWebConfig(settings.webConfig);
  await preparePushes(settings);
  if (config === undefined) {
    const targets = counted(given.length, "target", "targets");
    await io.stdout.write(`the command line is valid: ${targets}\n`);
    return ExitCode.Fine;
  }
  const { counts, warnings } = await checkConfiguration(config);
  const sources = counts.map(
    ({ source, targets }) => `  ${source}: ${counted(targets, "target", "targets")}`,
  );
  await io.stdout.writeLines([`${config} is valid:`, ...sources]);
  await io.stderr.writeLines(warnings.map((text) => warningLine(`warning: ${text}`, io)));
  return ExitCode.Fine;
}
