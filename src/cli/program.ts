import { Command, CommanderError } from "commander";
import { GatewayError } from "../errors.js";
import { ExitCode } from "./exit-codes.js";
import type { Io } from "./io.js";
import { errorLines } from "./report-error.js";

/** Gives a command its arguments, options and action, which reports its exit code to `finish`. */
export type Define = (
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
) => void | Promise<void>;

interface Entry {
  summary: string;
  /** Imports the command's file: nobody pays for the commands that are not asked for. */
  load(args: readonly string[]): Promise<Define>;
}

const commands: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "status",
    {
      summary: "show the status of PHP-FPM pools",
      load: async () => (await import("./commands/status.js")).defineStatus,
    },
  ],
  [
    "ping",
    {
      summary: "ask PHP-FPM pools for a sign of life",
      load: async () => (await import("./commands/ping.js")).definePing,
    },
  ],
  [
    "values",
    {
      summary: "ask a FastCGI application what it can do (GET_VALUES)",
      load: async () => (await import("./commands/values.js")).defineValues,
    },
  ],
  [
    "request",
    {
      summary: "send one request: the curl of FastCGI",
      load: async () => (await import("./commands/request.js")).defineRequest,
    },
  ],
  [
    "scrape",
    {
      summary: "read the status of many pools, named by a file",
      load: async () => (await import("./commands/scrape.js")).defineScrape,
    },
  ],
  [
    "serve",
    {
      summary: "serve an application by a pool of workers",
      load: async () => (await import("./commands/serve.js")).defineServe,
    },
  ],
  [
    "bridge",
    {
      summary: "be a CGI program that forwards its request to a backend",
      load: async () => (await import("./commands/bridge.js")).defineBridge,
    },
  ],
  [
    "apache",
    {
      summary: "show the status of Apache httpd, its workers, and kill those that hang",
      load: async (args) => {
        const { defineApache } = await import("./commands/apache/apache.js");
        return (command, io, finish) => defineApache(command, args, io, finish);
      },
    },
  ],
  [
    "decode",
    {
      summary: "show what is in captured bytes",
      load: async () => (await import("./commands/decode.js")).defineDecode,
    },
  ],
]);

const help = `
TARGET is the address of a pool: unix:/run/php/php8.2-fpm.sock:/status, or
127.0.0.1:9000/status, or [::1]:9000/status.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input;
of several targets the worst.

Examples:
  fcgi-probe status unix:/run/php/php8.2-fpm.sock:/status
  fcgi-probe status --full --watch 2s 127.0.0.1:9000/status
  fcgi-probe request unix:/run/php/www.sock --script /var/www/index.php -i
  fcgi-probe scrape targets.txt --format ndjson
  fcgi-probe apache status http://127.0.0.1/server-status
`;

/**
 * Runs one command.
 *
 * @returns its exit code; what went wrong has been written to standard error
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Fine;
  const program = await createProgram(args, io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.Fine : ExitCode.Failed;
    }
    if (!(error instanceof GatewayError)) throw error;
    await io.stderr.writeLines(errorLines(error, io.stderr.style));
    return ExitCode.Failed;
  }
}

async function createProgram(
  args: readonly string[],
  io: Io,
  finish: (exitCode: ExitCode) => void,
): Promise<Command> {
  const program = new Command("fcgi-probe")
    .description("The status of PHP-FPM pools and of Apache httpd, and what passes on the wire.")
    .option("-V, --version", "show the version (alone)")
    .addHelpText("after", help)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "fcgi-probe: ")),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("hint: see fcgi-probe --help, and --help behind each command")
    .exitOverride();
  // `apache status` is another command than `status`.
  const asked = (name: string) => (args[0] === "apache" ? name === "apache" : args.includes(name));
  for (const [name, { summary, load }] of commands) {
    const command = program.command(name).description(summary);
    if (asked(name)) await (await load(args))(command, io, finish);
  }
  return program;
}
