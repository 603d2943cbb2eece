import { type DiscoveredHttpd, discoverHttpd } from "../apache/configuration/discover.js";
import { findRunningHttpd } from "../apache/configuration/running-httpd.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** Which configuration is meant. */
export interface HttpdPlace {
  /** Its file. Default: that of the one httpd that runs here, or where distributions keep it. */
  readonly config?: string | undefined;
  /** Names that httpd was started with, besides those that a running one shows. */
  readonly define?: readonly string[] | undefined;
}

/** What this machine's configuration of httpd says, or the error that tells how to go on.
 * @throws GatewayError `bad_input` */
export function discoverLocalHttpd(
  { config, define = [] }: HttpdPlace,
  table: ProcessTable,
): DiscoveredHttpd {
  try {
    const { warnings, defines, ...running } = findRunningHttpd(config, table);
    const found = discoverHttpd({ ...running, defines: [...defines, ...define] });
    return { ...found, warnings: [...warnings, ...found.warnings] };
  } catch (error) {
    if (!(error instanceof GatewayError) || config !== undefined) throw error;
    const url = "give a URL, as in http://127.0.0.1/server-status, or --config and httpd's file";
    const hint = error.hint.replace(/^[^;]*/, url);
    throw new GatewayError(error.code, error.message, { hint, cause: error });
  }
}

/** Adds a name of `--define`.
 * @throws GatewayError `bad_input` */
export function addDefine(name: string, names: readonly string[] = []): readonly string[] {
  if (name !== "" && !/\s/.test(name)) return [...names, name];
  throw new GatewayError(ErrorCode.BadInput, `${JSON.stringify(name)} is no name of a Define`, {
    hint: "as in --define SSL",
  });
}
