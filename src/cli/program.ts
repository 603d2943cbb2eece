import { Command, CommanderError } from "commander";
import { GatewayError } from "../errors.js";
import { visibleLines } from "../terminal/text.js";
import { ExitCode, worstStatusHelp } from "./exit-codes.js";
import { colorOption, withCommand, withoutColor } from "./global-arguments.js";
import type { Io } from "./io.js";
import { nameOptions, refuseContradictions } from "./options.js";
import { errorLines } from "./report-error.js";

/** Gives a command its arguments, options and action, which reports its exit code to `finish`. */
type Define = (command: Command, io: Io, finish: (exitCode: ExitCode) => void) => void;

/** Runs a command that reads its arguments itself. */
type RunArguments = (args: readonly string[], io: Io) => Promise<ExitCode>;

interface Entry {
  readonly summary: string;
  /** Imports the file of a command that reads its arguments itself. */
  readonly loadRun?: () => Promise<RunArguments>;
  /**
   * Imports the command's file. Files of other commands are not loaded. With `loadRun`, only the
   * manual uses what this defines.
   */
  readonly load?: () => Promise<Define>;
  readonly commands?: Commands;
  /** The exit code after bad input. Default: `Failed`. */
  readonly failed?: ExitCode;
  /** Imports what makes the output for a bad command line, where standard error is not enough. */
  readonly loadRefusal?: () => Promise<(why: string) => string>;
}

type Commands = Readonly<Record<string, Entry>>;

const apacheCommands: Commands = {
  status: {
    summary: "show the status of servers",
    load: async () => (await import("./commands/apache/status.js")).defineApacheStatus,
  },
  workers: {
    summary: "list the workers of a server",
    load: async () => (await import("./commands/apache/workers.js")).defineWorkers,
  },
  kill: {
    summary: "kill workers that hang or use too much memory",
    load: async () => (await import("./commands/apache/kill.js")).defineKill,
  },
  metrics: {
    summary: "write the metrics file of apache-manager",
    load: async () => (await import("./commands/apache/metrics.js")).defineMetrics,
  },
  discover: {
    summary: "show where httpd listens, and where its status page is",
    load: async () => (await import("./commands/apache/discover.js")).defineDiscover,
  },
  "zabbix-discovery": {
    summary: "list the groups of processes for Zabbix",
    load: async () => (await import("./commands/apache/zabbix-discovery.js")).defineZabbixDiscovery,
  },
};

const commands: Commands = {
  status: {
    summary: "show the status of PHP-FPM pools",
    load: async () => (await import("./commands/status.js")).defineStatus,
  },
  top: {
    summary: "show pools and httpds live, the sickest first",
    load: async () => (await import("./commands/top.js")).defineTop,
  },
  ping: {
    summary: "check that pools, and SCGI and uwsgi servers, answer",
    load: async () => (await import("./commands/ping.js")).definePing,
  },
  values: {
    summary: "show what a FastCGI application supports (GET_VALUES)",
    load: async () => (await import("./commands/values.js")).defineValues,
  },
  request: {
    summary: "send one request and print the response: curl for FastCGI",
    load: async () => (await import("./commands/request.js")).defineRequest,
  },
  scrape: {
    summary: "read the status of many pools, listed in a file",
    load: async () => (await import("./commands/scrape.js")).defineScrape,
  },
  doctor: {
    summary: "say what is wrong with pools of this machine, and what to change",
    load: async () => (await import("./commands/doctor.js")).defineDoctor,
  },
  discover: {
    summary: "find the pools and httpds of this machine",
    load: async () => (await import("./commands/discover.js")).defineDiscoverAll,
  },
  "zabbix-discovery": {
    summary: "list the pools of this machine for Zabbix",
    load: async () => (await import("./commands/zabbix-discovery.js")).definePoolDiscovery,
  },
  exporter: {
    summary: "serve the metrics of pools and httpds to Prometheus",
    loadRun: async () => (await import("./commands/exporter.js")).runExporter,
    load: async () => (await import("./exporter/help.js")).defineExporterFlags,
  },
  check: {
    summary: "compare pools and httpds with thresholds, as a monitoring plugin",
    load: async () => (await import("./commands/check.js")).defineCheck,
    loadRefusal: async () => (await import("./commands/check.js")).unknownLine,
    failed: ExitCode.Unknown,
  },
  healthcheck: {
    summary: "check once that a PHP-FPM pool is alive, for Docker and kubelet",
    loadRun: async () => (await import("./commands/healthcheck.js")).runHealthcheck,
    load: async () => (await import("./commands/healthcheck.js")).defineHealthcheck,
    failed: ExitCode.NotConnected,
  },
  serve: {
    summary: "serve an application with a pool of workers",
    load: async () => (await import("./commands/serve.js")).defineServe,
  },
  completion: {
    summary: "print a script that completes commands in bash, zsh or fish",
    load: async () =>
      (await import("./commands/completion.js")).completionCommand((io) => wholeProgram(io)),
  },
  bridge: {
    summary: "run as a CGI program that forwards its request to a backend",
    load: async () => (await import("./commands/bridge.js")).defineBridge,
  },
  apache: {
    summary: "show the status of Apache httpd and its workers; kill hanging workers",
    commands: apacheCommands,
  },
  tap: {
    summary: "show the requests between a front end and a backend as they pass",
    load: async () => (await import("./commands/tap.js")).defineTap,
  },
  load: {
    summary: "send a request again and again, and measure the answers",
    load: async () => (await import("./commands/load.js")).defineLoad,
  },
  decode: {
    summary: "show the records in captured bytes",
    load: async () => (await import("./commands/decode.js")).defineDecode,
  },
};

/** The commands of php-fpm_exporter, for its users. */
const peerCommands = new Set(["server", "get", "version"]);

const help = `
TARGET is the address of a pool: unix:/run/php/php8.2-fpm.sock:/status, or
127.0.0.1:9000/status, or [::1]:9000/status. Without a command, a TARGET runs
status, and the URL of a status page runs apache status.

${worstStatusHelp}

Examples:
  fcgi-probe discover
  fcgi-probe doctor
  fcgi-probe top
  fcgi-probe unix:/run/php/php8.2-fpm.sock:/status
  fcgi-probe status --full --watch 2s 127.0.0.1:9000/status
  fcgi-probe request unix:/run/php/www.sock --script /var/www/index.php -i
  fcgi-probe scrape targets.txt --format ndjson
  fcgi-probe apache status http://127.0.0.1/server-status
`;

/**
 * Runs one command.
 *
 * @returns its exit code; errors have been written to standard error
 */
export async function run(given: readonly string[], io: Io): Promise<ExitCode> {
  const args = withCommand(withoutColor(given, io));
  const own = await ownArguments(args);
  if (own !== undefined) return own(io);
  let exitCode: ExitCode = ExitCode.Fine;
  const program = await createProgram(args, io, (code) => {
    exitCode = code;
  });
  const [name = ""] = args;
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const refuse = async (why: string): Promise<ExitCode> => {
    const refusal = await entry?.loadRefusal?.();
    if (refusal !== undefined) await io.stdout.write(refusal(why));
    return entry?.failed ?? ExitCode.Failed;
  };
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.Fine : refuse(error.message.replace(/^error: /, ""));
    }
    if (!(error instanceof GatewayError)) throw error;
    await io.stderr.writeLines(errorLines(error, io.stderr.style));
    return refuse(`${error.message} (${error.hint})`);
  }
}

/** The run of a command that reads its arguments itself; undefined for all other commands. */
async function ownArguments([name = "", ...args]: readonly string[]) {
  const isPeers = peerCommands.has(name);
  const command = name === "help" ? (args[0] ?? "") : isPeers ? "exporter" : name;
  if (!Object.hasOwn(commands, command)) return undefined;
  const run = await commands[command]?.loadRun?.();
  if (run === undefined) return undefined;
  const own = name === "help" ? ["--help"] : isPeers ? [name, ...args] : args;
  return (io: Io) => run(own, io);
}

/** The program with all of its commands, for its manual and for the completion of shells. */
export function wholeProgram(io: Io): Promise<Command> {
  return createProgram(undefined, io, () => {});
}

/** @param args decide which commands are loaded; undefined loads all */
async function createProgram(
  args: readonly string[] | undefined,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): Promise<Command> {
  const program = new Command("fcgi-probe")
    .description(
      "Shows the status of PHP-FPM pools and of Apache httpd, serves applications, and sends " +
        "and decodes requests of FastCGI, SCGI and uwsgi.",
    )
    .addOption(colorOption(io))
    .option("-V, --version", "show the version (only as the first argument)")
    .addHelpText("after", help)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(visibleLines(text.replace(/^error: /, "fcgi-probe: "))),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("hint: see fcgi-probe --help, and fcgi-probe COMMAND --help")
    .hook("preAction", (_, command) => refuseContradictions(command))
    .exitOverride();
  // `apache status` is another command than `status`.
  const named = args?.[0] === "apache" ? ["apache"] : args;
  await addCommands(program, commands, named);
  return program;

  async function addCommands(parent: Command, all: Commands, names: readonly string[] | undefined) {
    for (const [name, { summary, load, commands }] of Object.entries(all)) {
      const command = parent.command(name).description(summary);
      if (names?.includes(name) === false) continue;
      if (load !== undefined) {
        (await load())(command, io, finish);
        nameOptions(command);
      }
      if (commands !== undefined) await addCommands(command, commands, args);
    }
  }
}
