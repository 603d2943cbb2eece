import { parseConfiguration, readConfigurationFile } from "../../exporter/config/configuration.js";
import type { ScrapeTarget } from "../../exporter/target.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { counted } from "../terminal/units.js";
import type { FlagValues } from "./flags.js";

/**
 * Checks the files that the flags name, and says what is in them. It connects to nothing.
 *
 * @throws GatewayError `bad_input` with the place of each error
 */
export async function checkConfiguration(
  given: readonly ScrapeTarget[],
  { config }: FlagValues,
  io: Io,
): Promise<ExitCode> {
  const parsed =
    config === undefined
      ? undefined
      : parseConfiguration(await readConfigurationFile(config), config);
  const { targets = [], modules = {} } = parsed?.configuration ?? {};
  const all = counted(given.length + targets.length, "target", "targets");
  const more = counted(Object.keys(modules).length, "module", "modules");
  await io.stdout.write(`${config ?? "the command line"} is valid: ${all}, ${more}\n`);
  return ExitCode.Fine;
}
