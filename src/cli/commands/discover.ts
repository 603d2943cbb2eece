import type { Command } from "commander";
import { discover } from "../../discovery/discover.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { formatOption, jsonOption, problemLines, repeatable } from "../options.js";
import { reportErrors } from "../report-error.js";
import { type DiscoveryFormat, discoveryFormats, discoveryText } from "../reports/discovery.js";

interface DiscoverCommandOptions {
  format?: DiscoveryFormat;
  phpFpmConfig?: string[];
  sockets?: string[];
  dns?: string[];
}

const help = `
Reads php-fpm's configuration files as php-fpm does, those of running masters
and those of packages, and httpd's configuration. Looks for sockets in the usual
folders. Runs nothing, and connects to nothing: whether this user may connect is
predicted from the sockets' permissions. What cannot be read is reported on
standard error. It runs as any user; root sees more.

States: ready; status off: pm.status_path is not set; no permission; not
running; no master: the workers serve on without their master; unknown: a socket
that no configuration names, or an address from DNS.

Formats:
  table    for people (the default)
  json     all that is known, problems included
  yaml     targets: for the configuration of fcgi-probe exporter
  file_sd  targets with labels for Prometheus, which reads them by /probe
yaml and file_sd leave out pools whose status is off.

Exit status: 0 found, 1 nothing found, 2 bad input.

Examples:
  fcgi-probe discover
  fcgi-probe discover --sockets "/home/*/run/*.sock"
  fcgi-probe discover --dns pools.internal:9000/status --format yaml >> site.yaml
  fcgi-probe discover --format file_sd > targets.json
`;

export function defineDiscoverAll(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  const list = repeatable(String);
  command
    .addOption(formatOption(discoveryFormats))
    .addOption(jsonOption())
    .option("--php-fpm-config <file>", "read this configuration instead, or a pattern", list)
    .option("--sockets <pattern>", "also look for sockets here", list)
    .option("--dns <name>", "also each address of name:port/path, or of SRV records", list)
    .addHelpText("after", help)
    .action(async (options: DiscoverCommandOptions) => {
      finish(await reportErrors(io, () => runDiscoverAll(options, io)));
    });
}

async function runDiscoverAll(options: DiscoverCommandOptions, io: Io): Promise<ExitCode> {
  const { format = "table", phpFpmConfig, sockets, dns } = options;
  const found = await discover({ phpFpm: phpFpmConfig, sockets, names: dns, signal: io.signal });
  if (io.signal.aborted) return ExitCode.Interrupted;
  await io.stdout.write(await discoveryText(found, format, io.stdout));
  await io.stderr.writeLines(problemLines(found.problems, io));
  return found.targets.length > 0 ? ExitCode.Fine : ExitCode.NotConnected;
}
