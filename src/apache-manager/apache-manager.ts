import { homedir, hostname, tmpdir } from "node:os";
import { ProcFileSystem } from "../apache/processes/process-table.js";
import type { Io } from "../cli/io.js";
import { runProcess } from "../cli/main.js";
import { GatewayError } from "../errors.js";
import { visible } from "../terminal/text.js";
import { OptionError } from "./getopt.js";
import { writeSystemLog } from "./log.js";
import { Manager, type ManagerWorld } from "./manager.js";
import { type ManagerOptions, managerHelp, readManagerOptions } from "./options.js";

/**
 * Runs the command `apache-manager` with its arguments, on the streams and signals of this process.
 *
 * @returns its exit code
 */
export async function apacheManager(args: readonly string[]): Promise<number> {
  const world = {
    table: new ProcFileSystem(),
    home: homedir(),
    etc: "/etc",
    temporaryFolder: tmpdir(),
    host: hostname(),
    pid: process.pid,
    now: () => new Date(),
    systemLog: (line: string) => writeSystemLog(process.pid, line),
  };
  return runProcess("apache-manager", (io) => runManager(args, io, world), { failed: 1 });
}

/**
 * Runs the command `apache-manager`.
 *
 * @returns its exit code: 0 or 1
 */
export async function runManager(
  args: readonly string[],
  io: Io,
  world: ManagerWorld,
): Promise<number> {
  let options: ManagerOptions;
  try {
    options = readManagerOptions(args);
  } catch (error) {
    if (!(error instanceof OptionError || error instanceof GatewayError)) throw error;
    return refuse(error.message, io);
  }
  if (options.help) {
    await io.stdout.write(managerHelp);
    return 0;
  }
  const problem = problemOf(options, io);
  if (problem !== undefined) return refuse(problem, io);
  return new Manager(options, io, world).run();
}

/** Why version 2 refuses the options. Version 1 ignores the same. */
function problemOf({ version, positionals, watch }: ManagerOptions, io: Io): string | undefined {
  if (version === 1) return undefined;
  if (positionals.length > 0) return "This program doesn't support any positional arguments";
  if (watch && !io.stdout.isTerminal) {
    return "The 'apache-manager --watch' command requires an interactive terminal";
  }
  return undefined;
}

async function refuse(why: string, io: Io): Promise<number> {
  await io.stderr.writeLines([`Error: ${visible(why)}!`]);
  return 1;
}
