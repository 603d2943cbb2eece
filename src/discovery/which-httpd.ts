import { type DiscoveredHttpd, discoverHttpd } from "../apache/configuration/discover.js";
import { findRunningHttpd } from "../apache/configuration/running-httpd.js";
import {
  type ApacheServer,
  chooseServer,
  findServers,
  readPidFile,
} from "../apache/processes/apache-servers.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** Which configuration to read. */
export interface HttpdPlace {
  /** Its file. Default: that of the only running httpd, or the first that distributions use. */
  readonly config?: string | undefined;
  /** More names of `-D`, in addition to those of a running httpd. Default: none. */
  readonly define?: readonly string[] | undefined;
}

/** Reads this machine's configuration of httpd. An error says how to name another one.
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
    const url =
      "give a URL, as in http://127.0.0.1/server-status, or httpd's configuration with --config";
    const hint = error.hint.replace(/^[^;]*/, url);
    throw new GatewayError(error.code, error.message, { hint, cause: error });
  }
}

/**
 * Adds a name of `--define`.
 *
 * @throws GatewayError `bad_input`
 */
export function addDefine(name: string, names: readonly string[] = []): readonly string[] {
  if (name !== "" && !/\s/.test(name)) return [...names, name];
  throw new GatewayError(ErrorCode.BadInput, `${JSON.stringify(name)} is not a name for --define`, {
    hint: "write it as in --define SSL",
  });
}

/** The master that the PidFile names; `undefined` if no such httpd runs. */
export function runningMaster(
  found: DiscoveredHttpd | undefined,
  table: ProcessTable,
): number | undefined {
  const pid = found?.pidFile === undefined ? undefined : readPidFile(found.pidFile);
  if (pid === undefined) return undefined;
  return findServers(table).some(({ master }) => master.pid === pid) ? pid : undefined;
}

/**
 * The pid of a master, from a pid or the path of a PidFile.
 *
 * @throws GatewayError `bad_input` when it is neither, or there is no such process
 */
export function readMaster(text: string, table: ProcessTable): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : readPidFile(text);
  const hint = "give the pid of httpd's master, or its PidFile, as in /run/apache2/apache2.pid";
  if (pid === undefined) {
    const message = `"${text}" is neither a pid nor a file with one`;
    throw new GatewayError(ErrorCode.BadInput, message, { hint });
  }
  if (table.read(pid) !== undefined) return pid;
  throw new GatewayError(ErrorCode.BadInput, `there is no process ${pid}`, { hint });
}

/**
 * Finds the httpd of this machine by its processes alone: the one that `master` names, the one of
 * the configuration, or the first that root runs.
 *
 * @throws GatewayError `connect_failed` when none runs
 */
export function localServer(
  { master, ...place }: HttpdPlace & { readonly master?: string | undefined },
  table: ProcessTable,
): ApacheServer {
  const masterPid =
    master === undefined ? configuredMaster(place, table) : readMaster(master, table);
  const server = chooseServer(findServers(table), table, { masterPid });
  if (server !== undefined) return server;
  throw new GatewayError(ErrorCode.ConnectFailed, "no httpd runs on this machine", {
    hint: "start it, or give --master with its pid",
  });
}

/** Without a configuration, the processes show which httpd there is. */
function configuredMaster(place: HttpdPlace, table: ProcessTable): number | undefined {
  try {
    return runningMaster(discoverLocalHttpd(place, table), table);
  } catch (error) {
    if (error instanceof GatewayError && place.config === undefined) return undefined;
    throw error;
  }
}
