import { type Command, Option } from "commander";
import { allFlags, type Flag, flagGroups } from "./flags.js";

const usage = `Usage: fcgi-probe exporter [flags] [TARGET...]
       fcgi-probe exporter get [flags] [TARGET...]`;

const head = `Serves the metrics of PHP-FPM pools and Apache httpds to Prometheus, with the
names of php-fpm_exporter and apache_exporter. Reads the targets when it is
asked. A TARGET is an address of a pool or the URL of a status page. Without
targets, it finds the pools and httpds of this machine, and keeps looking.

Understands the flags and variables of both exporters. Write a flag as
--flag=value or --flag value, a boolean as --flag, --no-flag or --flag=false.
get prints the status of all targets once.`;

const tail = `Times are 500ms, 5s or 1m; a number alone is in seconds.

Signals: TERM and INT end it, a second one at once. HUP reads the configuration
again.

Exit status: 0 ended by a signal, 1 could not listen, 2 bad input. Of get: 0
success, 1 no connection, 2 any other failure.

Examples:
  fcgi-probe exporter
  fcgi-probe exporter --phpfpm.scrape-uri tcp://127.0.0.1:9000/status
  fcgi-probe exporter --scrape_uri http://127.0.0.1/server-status?auto
  fcgi-probe exporter --config site.yaml --check-config
  fcgi-probe exporter get --out json unix:/run/php/www.sock:/status
`;

/** The table of all flags, for the documentation. */
export function flagTable(): string {
  const rows = allFlags.map(([, flag]) => {
    const names = [flagForm(flag), ...otherNames(flag)].map((name) => `\`${name}\``).join(", ");
    const variables = (flag.variables ?? []).map((name) => `\`${name}\``).join(", ");
    return `| ${names} | ${variables} | ${flag.text} |`;
  });
  return ["| flag | variable | |", "|---|---|---|", ...rows].join("\n");
}

const INDENT = 6;
const WIDTH = 80;

/** The help of the exporter. */
export function exporterHelp(): string {
  const groups = flagGroups.map((group) => {
    const flags = allFlags.filter(([, flag]) => flag.group === group);
    return `${group}:\n${flags.map(([, flag]) => flagHelp(flag)).join("\n")}\n`;
  });
  return [usage, head, ...groups, tail].join("\n\n").replaceAll("\n\n\n", "\n\n");
}

/** Gives a command the flags, for its manual. The exporter reads its arguments itself. */
export function defineExporterFlags(command: Command): void {
  command.usage("[get] [flags] [TARGET...]").addHelpText("after", `${head}\n\n${tail}`);
  for (const [, flag] of allFlags) {
    if (flag.name === "help") continue;
    command.addOption(new Option(flagForm(flag, "<>"), describe(flag)).helpGroup(flag.group));
  }
}

function flagHelp(flag: Flag): string {
  const lines = wrap(describe(flag), WIDTH - INDENT).map((line) => `${" ".repeat(INDENT)}${line}`);
  return [`  ${flagForm(flag)}`, ...lines].join("\n");
}

/** A flag as it is written, with its value. */
function flagForm({ name, value }: Flag, [open = "", close = ""] = ""): string {
  return value === undefined ? `--${name}` : `--${name} ${open}${value}${close}`;
}

function describe(flag: Flag): string {
  const aliases = otherNames(flag);
  return [
    flag.text,
    ...(flag.isList ? ["may be repeated"] : []),
    ...(aliases.length > 0 ? [`also ${aliases.join(", ")}`] : []),
    ...(flag.variables ?? []).map((name) => `$${name}${flag.variableAdds ? " adds to it" : ""}`),
  ].join("; ");
}

function otherNames({ aliases = [], oldNames = [] }: Flag): string[] {
  return [...aliases, ...oldNames].map((name) => (name.length === 1 ? `-${name}` : `--${name}`));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
