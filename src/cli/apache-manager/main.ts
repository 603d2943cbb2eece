import { homedir, hostname, tmpdir } from "node:os";
import { ProcFileSystem } from "../../apache/processes/process-table.js";
import { runProcess } from "../run-process.js";
import { runManager } from "./run.js";
import { writeSystemLog } from "./system-log.js";

/**
 * Runs the command `apache-manager` with its arguments, on the streams and signals of this process.
 *
 * @returns its exit code
 */
export async function main(args: readonly string[]): Promise<number> {
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
  return runProcess("apache-manager", (io) => runManager(args, io, world), 1);
}
