import type { DiscoveredHttpd } from "../apache/configuration/discover.js";
import { findServers, readPidFile } from "../apache/processes/apache-servers.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** The master that a PidFile names, unless the file has outlived it. */
export function runningMaster(
  found: DiscoveredHttpd | undefined,
  table: ProcessTable,
): number | undefined {
  const pid = found?.pidFile === undefined ? undefined : readPidFile(found.pidFile);
  if (pid === undefined) return undefined;
  return findServers(table).some(({ master }) => master.pid === pid) ? pid : undefined;
}

/** The pid of a master, which is given itself, or by the file that has it.
 * @throws GatewayError `bad_input` where it is no pid, or no process has it */
export function readMaster(text: string, table: ProcessTable): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : readPidFile(text);
  const hint = "give the pid of httpd's master, or its PidFile, as in /run/apache2/apache2.pid";
  if (pid === undefined) {
    const message = `"${text}" is no pid, and no file that has one`;
    throw new GatewayError(ErrorCode.BadInput, message, { hint });
  }
  if (table.read(pid) !== undefined) return pid;
  throw new GatewayError(ErrorCode.BadInput, `there is no process ${pid}`, { hint });
}
