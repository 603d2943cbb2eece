import type { Command } from "commander";
import { discover } from "../../discovery/discover.js";
import type { DiscoveredTarget } from "../../discovery/discovery.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { problemLines, repeatable } from "../options.js";
import { reportErrors } from "../report-error.js";
import { readableTargets } from "../reports/discovery.js";

interface PoolDiscoveryOptions {
  phpFpmConfig?: string[];
  sockets?: string[];
}

const help = `
Prints JSON for Zabbix's low-level discovery: an object for each pool of this
machine that has a status page, with {#ADDRESS}, {#POOL}, {#PHPVERSION} and
{#SOURCE}, the file and line of its configuration. fcgi-probe discover --help
says where it looks. The values of a pool are in the JSON of status: see
packaging/zabbix for a template and the UserParameters of the agent.

Exit status: 0 success, also where there is no pool, 2 bad input, or nothing
could be read, 130 interrupted by Ctrl-C.

Examples:
  fcgi-probe zabbix-discovery
  fcgi-probe status --format ndjson unix:/run/php/www.sock:/status
`;

export function definePoolDiscovery(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  const list = repeatable(String);
  command
    .option("--php-fpm-config <file>", "read this configuration instead, or a pattern", list)
    .option("--sockets <pattern>", "also look for sockets here", list)
    .addHelpText("after", help)
    .action(async (options: PoolDiscoveryOptions) => {
      finish(await reportErrors(io, () => runPoolDiscovery(options, io)));
    });
}

async function runPoolDiscovery(
  { phpFpmConfig: phpFpm, sockets }: PoolDiscoveryOptions,
  io: Io,
): Promise<ExitCode> {
  const found = await discover({ phpFpm, sockets, apache: false, signal: io.signal });
  await io.stderr.writeLines(problemLines(found.problems, io));
  // Zabbix would take an empty list for the end of all pools, and delete their items.
  if (found.targets.length === 0 && found.problems.length > 0) return ExitCode.Failed;
  const pools = readableTargets(found).map(discoveryRow);
  await io.stdout.write(`${JSON.stringify(pools)}\n`);
  return ExitCode.Fine;
}

/** A pool in the macros of low-level discovery. A macro without a value would stay as it is. */
function discoveryRow({ address, labels, source }: DiscoveredTarget): object {
  return {
    "{#ADDRESS}": address,
    "{#POOL}": labels["pool"] ?? address,
    "{#PHPVERSION}": labels["php_version"] ?? "",
    "{#SOURCE}": source,
  };
}
