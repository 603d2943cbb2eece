import type { Command } from "commander";
import { zabbixDiscovery } from "../../../apache/manager/metrics-file.js";
import { memoryUsageOf } from "../../../apache/processes/memory-usage.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import { addDefine } from "../../../discovery/discover-httpd.js";
import { localServer } from "../../../discovery/local-server.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reported } from "../../report-error.js";
import type { HttpdOptions } from "./options.js";

const help = `
Prints what memory usage is told of, as JSON for Zabbix's low-level discovery:
"native" for the workers, and the process groups of mod_wsgi. No page is read:
httpd's processes tell it.

Exit status: 0 fine, 1 no httpd runs here, 2 bad input.

Example:
  fcgi-probe apache zabbix-discovery
`;

export function defineZabbixDiscovery(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  command
    .option("--config <file>", "httpd's configuration, which names its PidFile")
    .option("--define <name>", "a name it was started with (-D); again for more", addDefine)
    .option("--master <pid>", "the pid of httpd's master, or its PidFile")
    .addHelpText("after", help)
    .action(async (options: HttpdOptions) => {
      finish(await reported(io, () => runZabbixDiscovery(options, io, new ProcFileSystem())));
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
