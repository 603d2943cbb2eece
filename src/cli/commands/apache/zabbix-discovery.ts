import type { Command } from "commander";
import { zabbixDiscovery } from "../../../apache/manager/metrics-file.js";
import { memoryUsageOf } from "../../../apache/processes/memory-usage.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import { localServer } from "../../../discovery/which-httpd.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reportErrors } from "../../report-error.js";
import { addConfigOptions, addMasterOption, type HttpdOptions } from "./options.js";

const help = `
Prints JSON for Zabbix's low-level discovery: the groups of processes whose
memory usage is in the metrics file. These are "native", the workers of httpd,
and the process groups of mod_wsgi. Reads httpd's processes, and no status page.

Exit status: 0 success, 1 no httpd runs on this machine, 2 bad input,
130 interrupted by Ctrl-C.

Example:
  fcgi-probe apache zabbix-discovery
`;

export function defineZabbixDiscovery(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addMasterOption(addConfigOptions(command))
    .addHelpText("after", help)
    .action(async (options: HttpdOptions) => {
      finish(await reportErrors(io, () => runZabbixDiscovery(options, io, new ProcFileSystem())));
    });
}

/** Prints the process groups of this machine's httpd. */
export async function runZabbixDiscovery(
  options: HttpdOptions,
  io: Io,
  table: ProcessTable,
): Promise<ExitCode> {
  const server = localServer(options, table);
  const { groups } = memoryUsageOf(server.children);
  await io.stdout.write(`${zabbixDiscovery([...groups.keys()])}\n`);
  return ExitCode.Fine;
}
