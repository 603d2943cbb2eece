import {
  type ApacheServer,
  chooseServer,
  findServers,
} from "../apache/processes/apache-servers.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { discoverLocalHttpd, type HttpdPlace } from "./discover-httpd.js";
import { readMaster, runningMaster } from "./master.js";

/**
 * The httpd of this machine, by its processes alone: the one that is named, that of the
 * configuration, or the first of root's.
 *
 * @throws GatewayError `connect_failed` where none runs
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

/** Without a configuration the processes tell which httpd there is. */
function configuredMaster(place: HttpdPlace, table: ProcessTable): number | undefined {
  try {
    return runningMaster(discoverLocalHttpd(place, table), table);
  } catch (error) {
    if (error instanceof GatewayError && place.config === undefined) return undefined;
    throw error;
  }
}
