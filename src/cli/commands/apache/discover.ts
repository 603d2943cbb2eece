import { type Command, Option } from "commander";
import type { DiscoveredHttpd } from "../../../apache/configuration/discover.js";
import { textStatusUrl } from "../../../apache/fetch/status-url.js";
import { findServers, readPidFile } from "../../../apache/processes/apache-servers.js";
import { type ProcessTable, ProcFileSystem } from "../../../apache/processes/process-table.js";
import { addDefine, discoverLocalHttpd } from "../../../discovery/discover-httpd.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { reported } from "../../report-error.js";
import type { Style } from "../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../terminal/table.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";

export interface DiscoverOptions {
  config?: string;
  define?: readonly string[];
  format?: "table" | "json";
}

const help = `
Reads httpd's configuration, its includes too, and runs nothing: where it
listens, as this machine reaches it, and where its status page is. The names of
IfDefine are those of -D on the command line of the httpd that runs with this
configuration, and those of --define. Its version, for IfVersion, stands in the
file of its program. What cannot be decided is left out, and a warning says so.

Exit status: 0 fine, 2 there is no configuration, or it has no Listen.

Examples:
  fcgi-probe apache discover
  fcgi-probe apache discover --config /usr/local/apache2/conf/httpd.conf
`;

export function defineDiscover(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  command
    .option("--config <file>", "httpd's configuration (default: where distributions keep it)")
    .option("--define <name>", "a name it was started with (-D); again for more", addDefine)
    .addOption(new Option("--format <form>", "how to show it").choices(["table", "json"]))
    .addHelpText("after", help)
    .action(async (options: DiscoverOptions) => {
      finish(await reported(io, () => runDiscover(options, io, new ProcFileSystem())));
    });
}

/** Shows what httpd's configuration tells. */
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
  const name = io.stderr.style.warning("fcgi-probe:");
  await io.stderr.writeLines(found.warnings.map((text) => `${name} ${visible(text)}`));
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
    ["for programs", textUrl],
    ...(statusHost === undefined ? [] : [["asked as", statusHost] as const]),
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
  if (pid === undefined) return "which is not there";
  const server = findServers(table).find(({ master }) => master.pid === pid);
  if (server === undefined) return `which names ${pid}: no httpd`;
  return `master ${pid} with ${counted(server.children.length, "child", "children")}`;
}
