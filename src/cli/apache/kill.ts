import { type Command, Option } from "commander";
import { type KillResult, killWorkers } from "../../apache/kill.js";
import { type ProcessTable, ProcFileSystem } from "../../apache/process-table.js";
import type { ApacheServer } from "../../apache/processes.js";
import { parseSize, parseTimespan } from "../../apache/quantities.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration } from "../parse-values.js";
import { visible } from "../render/visible.js";
import { addHttpdOptions, type HttpdOptions, httpdHelp } from "./httpd-options.js";
import { Httpd } from "./local-httpd.js";
import { readWorkers } from "./read-workers.js";
import { reported } from "./reported.js";

export interface KillCommandOptions extends HttpdOptions {
  /** Bytes. */
  maxMemoryActive?: number;
  maxMemoryIdle?: number;
  /** Seconds. */
  maxTime?: number;
  dryRun?: true;
  signal?: "TERM" | "KILL";
  /** Milliseconds. */
  grace?: number;
}

const help = `
A worker is killed when its process uses more memory than the limit for its
state, or when it has been on one request for longer than --max-time. A process
of several threads is idle only when all of them are. At least one limit must be
given; 0 sets none. Sizes are as in 500M, 1.5G, 64KiB (powers of 1,024), times
as in 30s, 5m, 2h.

Only children of httpd are killed, never a process because a page names its pid.
TERM lets a worker end by itself; what has not after --grace is killed.

${httpdHelp}

Exit status: 0 fine, whether there was something to kill or not, 1 could not
connect, 2 connected and failed, or bad input.

Examples:
  fcgi-probe apache kill --max-time 5m --dry-run
  fcgi-probe apache kill --max-memory-active 500M --max-memory-idle 200M --signal TERM
`;

const parseBytes = (text: string) => parseSize(text, { binary: true });

export function defineKill(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  addHttpdOptions(command.argument("[URL]", "its status page"))
    .option("--max-memory-active <size>", "kill active workers that use more", parseBytes)
    .option("--max-memory-idle <size>", "kill idle workers that use more", parseBytes)
    .option("--max-time <time>", "kill workers that are longer on a request", parseTimespan)
    .option("--dry-run", "say what would be killed, and kill nothing")
    .addOption(
      new Option("--signal <name>", "what to kill with (default: KILL)").choices(["TERM", "KILL"]),
    )
    .option("--grace <time>", "how long TERM has to work (default: 10s)", parseDuration)
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: KillCommandOptions) => {
      finish(await reported(io, () => runKill(url, options, io, new ProcFileSystem())));
    });
}

/** Kills the workers of one httpd that are over a limit, and says which. */
export async function runKill(
  url: string | undefined,
  options: KillCommandOptions,
  io: Io,
  table: ProcessTable,
): Promise<ExitCode> {
  const { signal, grace, dryRun, maxMemoryActive, maxMemoryIdle, maxTime } = options;
  if (!maxMemoryActive && !maxMemoryIdle && !maxTime) throw noLimit();
  const httpd = await Httpd.find({ ...options, url, signal: io.signal }, table);
  const reading = await readWorkers(httpd, table);
  const server = killable(reading.server, httpd);
  const result = await killWorkers(reading.workers, server, table, {
    ...{ maxMemoryActive, maxMemoryIdle, maxTime, dryRun, signal, grace },
    onMessage: (message) => void io.stdout.writeLines([visible(message)]),
  });
  const name = io.stderr.style.warning("fcgi-probe:");
  await io.stderr.writeLines(refusalsOf(result).map((text) => `${name} ${text}`));
  return hasFailed(result, server) ? ExitCode.Failed : ExitCode.Fine;
}

/** Why processes that are over a limit were not killed, a sentence each. */
export function refusalsOf({ refused }: KillResult): string[] {
  return refused.map(({ pid, reason }) => {
    const why = reason === "EPERM" ? "this user may not (run it as root)" : reason;
    return `process ${pid} was not killed: ${why}`;
  });
}

/** Whether a worker lives on that should not. What is no child of httpd's is none of its workers. */
export function hasFailed({ refused }: KillResult, { children }: ApacheServer): boolean {
  return refused.some(({ pid }) => children.some((child) => child.pid === pid));
}

function noLimit(): GatewayError {
  return new GatewayError(ErrorCode.BadInput, "no limit is given: nothing would be killed", {
    hint: "give --max-time, --max-memory-active or --max-memory-idle",
  });
}

/** What may be killed.
 * @throws GatewayError where its processes are not to be seen */
export function killable(server: ApacheServer | undefined, httpd: Httpd): ApacheServer {
  if (server !== undefined) return server;
  const url = httpd.shownUrl;
  if (!httpd.isHere) {
    throw new GatewayError(ErrorCode.BadInput, "this httpd does not run on this machine", {
      address: url,
      hint: "kill its workers where it runs, or give --master where its processes are seen here",
    });
  }
  throw new GatewayError(ErrorCode.BadInput, "no httpd here has the workers that the page names", {
    address: url,
    hint: "give --master with the pid of httpd's master, or its PidFile",
  });
}
