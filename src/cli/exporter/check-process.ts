import { checkListenAddress, checkWebConfig } from "../../web/listener.js";
import { ErrorList } from "./error-list.js";
import type { ProcessSettings } from "./process-settings.js";
import { preparePushes, type StartPush } from "./pushes.js";

/**
 * Checks where to listen and to push, without doing so, and loads the packages that a push needs.
 *
 * @param errors gets what is wrong
 */
export async function checkProcess(
  settings: ProcessSettings,
  errors: ErrorList,
): Promise<readonly StartPush[]> {
  const { webConfig, listen = [] } = settings;
  if (webConfig !== undefined) errors.attempt(() => checkWebConfig(webConfig));
  for (const address of listen) errors.attempt(() => checkListenAddress(address));
  return (await errors.settle(preparePushes(settings))) ?? [];
}

/**
 * {@link checkProcess} where nothing else is checked.
 *
 * @throws GatewayError `bad_input`, `bad_address` with all errors, a line each
 */
export async function checkedProcess(settings: ProcessSettings): Promise<readonly StartPush[]> {
  const errors = new ErrorList();
  const pushes = await checkProcess(settings, errors);
  errors.throwAny();
  return pushes;
}

/** What a configuration file calls the settings. */
const keys: Readonly<Record<keyof ProcessSettings, string>> = {
  listen: "web.listen",
  systemdSocket: "web.systemd_socket",
  webConfig: "web.config_file",
  textfile: "textfile",
  otlp: "otlp",
  logLevel: "log.level",
  logFormat: "log.format",
};

/** The keys whose settings differ, as a configuration file calls them. */
export function changedKeys(one: ProcessSettings, other: ProcessSettings): string[] {
  return (Object.keys(keys) as (keyof ProcessSettings)[])
    .filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
    .map((name) => keys[name]);
}
