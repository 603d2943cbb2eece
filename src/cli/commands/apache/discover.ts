import type { Command } from "commander";
import type { DiscoveredHttpd } from "../../../apache/configuration/discover.js";
import { textStatusUrl } from "../../../apache/fetch/status-url.js";
import { findServers, readPidFile } from "../../../apache/processes/apache-servers.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import { discoverLocalHttpd } from "../../../discovery/which-httpd.js";
import type { Style } from "../../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../../terminal/table.js";
import { visible } from "../../../terminal/text.js";
import { counted } from "../../../terminal/units.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { formatOption, jsonOption } from "../../options.js";
import { reportErrors, warningLine } from "../../report-error.js";
import { addConfigOptions, type ConfigOptions } from "./options.js";

export interface DiscoverOptions extends ConfigOptions {
  format?: "table" | "json";
}

const help = `
Reads httpd's configuration with its includes, and runs nothing. Shows where
httpd listens, as addresses that this machine can reach, and where its status
page is. IfDefine uses the names of --define, and those of -D that a running
httpd with this configuration was started with; IfVersion uses the version in
the file of its program. A block whose condition is unknown is left out, with a
warning.

Exit status: 0 success, 2 no configuration, or none with a Listen,
130 interrupted by Ctrl-C.

Examples:
  fcgi-probe apache discover
  fcgi-probe apache discover --config /usr/local/apache2/conf/httpd.conf
`;

export function defineDiscover(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addConfigOptions(command)
    .addOption(formatOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText("after", help)
    .action(async (options: DiscoverOptions) => {
      finish(await reportErrors(io, () => runDiscover(options, io, new ProcFileSystem())));
    });
}

/** Shows what is in httpd's configuration. */
export async function runDiscover(
  options: DiscoverOptions,
  io: Io,
  table: ProcessTable,
): Promise<ExitCode> {
  const found = discoverLocalHttpd(options, table);
  const textUrl = textStatusUrl(found.statusUrl);
  if (options.format === "json") {
    await io.stdout.write(`${JSON.stringify({ ...found, textUrl }, undefined, 2)}\n`);
  } else {
    await io.stdout.writeLines(reportLines(found, textUrl, table, io.stdout.style));
  }
  await io.stderr.writeLines(found.warnings.map((text) => warningLine(text, io)));
  return ExitCode.Fine;
}

function reportLines(
  found: DiscoveredHttpd,
  textUrl: string,
  table: ProcessTable,
  style: Style,
): string[] {
  const { file, listeners, statusUrl, statusHost, pidFile } = found;
  const columns: readonly Column<(typeof listeners)[number]>[] = [
    { title: "PROTOCOL", value: ({ protocol }) => protocol },
    { title: "ADDRESS", value: ({ address }) => visible(address) },
    { title: "PORT", value: ({ port }) => `${port}`, align: "right" },
    { title: "URL", value: ({ url }) => visible(url) },
  ];
  const layout = layOut(columns, listeners);
  const facts = [
    ["configuration", file],
    ["status page", statusUrl],
    ["text page", textUrl],
    ...(statusHost === undefined ? [] : [["Host", statusHost] as const]),
    ["PidFile", pidFile === undefined ? "-" : `${pidFile}, ${masterOf(pidFile, table)}`],
  ] as const;
  return [
    ...facts.map(([label, value]) => `${label.padEnd(15)}${visible(value)}`),
    "",
    style.heading(titleLine(layout)),
    ...listeners.map((listener) => rowLine(layout, listener)),
  ];
}

function masterOf(pidFile: string, table: ProcessTable): string {
  const pid = readPidFile(pidFile);
  if (pid === undefined) return "which does not exist";
  const server = findServers(table).find(({ master }) => master.pid === pid);
  if (server === undefined) return `which names ${pid}, not an httpd`;
  return `master ${pid} with ${counted(server.children.length, "child", "children")}`;
}
