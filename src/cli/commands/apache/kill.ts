import { type Command, Option } from "commander";
import { parseMemorySize, parseTimespan } from "../../../apache/manager/quantities.js";
import type { ApacheServer } from "../../../apache/processes/apache-servers.js";
import {
  isSameProcess,
  type ProcessTable,
  ProcFileSystem,
} from "../../../apache/processes/process-table.js";
import { type KillOptions, type KillResult, killWorkers } from "../../../apache/workers/kill.js";
import type { LocalWorkers } from "../../../apache/workers/local-workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { parseDuration } from "../../parse-values.js";
import { reported } from "../../report-error.js";
import { visible } from "../../terminal/text.js";
import { addHttpdOptions, type HttpdOptions, httpdHelp } from "./options.js";

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
of several threads is idle only when all of them are; the request for the page
does not count. At least one limit must be given; 0 sets none. Sizes are as in
500M, 1.5G, 64KiB (powers of 1,024), times as in 30s, 5m, 2h.

Killed are workers of the httpd that has answered, and of no other: it is the one
whose socket listens at that address (to see that takes root), and every process
that its page names must be its child. Where that proves nothing, as behind a
proxy or in a container, nothing is killed unless --master says which httpd it
is. A process that the page does not name is left alone: it may be a helper of a
module, such as mod_fcgid's process manager. Before a kill the page is read once
more: a request that has ended by then spares its worker.

TERM lets a worker end by itself; what has not after --grace is killed.

${httpdHelp}

Exit status: 0 fine, whether there was something to kill or not, 1 could not
connect, 2 connected and failed, or bad input.

Examples:
  fcgi-probe apache kill --max-time 5m --dry-run
  fcgi-probe apache kill --max-memory-active 500M --max-memory-idle 200M --signal TERM
`;

const parseBytes = (text: string) => parseMemorySize(text, { binary: true });

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
  const result = await killOf(httpd, table, {
    ...{ maxMemoryActive, maxMemoryIdle, maxTime, dryRun, signal, grace },
    onMessage: (message) => void io.stdout.writeLines([visible(message)]),
  });
  const name = io.stderr.style.warning("fcgi-probe:");
  await io.stderr.writeLines(refusalsOf(result).map((text) => `${name} ${text}`));
  return result.refused.length > 0 ? ExitCode.Failed : ExitCode.Fine;
}

/** Kills the workers of an httpd that are over a limit, if it is proven whose they are.
 * @throws GatewayError where it is not: nothing has been killed then */
export async function killOf(
  httpd: Httpd,
  table: ProcessTable,
  options: Omit<KillOptions, "again">,
): Promise<KillResult> {
  const reading = await httpd.workers();
  const server = provenServer(reading, httpd);
  const again = async () => {
    const later = await httpd.workersAgain();
    if (isSameProcess(server.master, provenServer(later, httpd).master)) return later.workers;
    throw refusal("another httpd answers by now", "try it again", httpd);
  };
  const result = await killWorkers(reading.workers, server, table, { ...options, again });
  // The page names what was killed: metrics that are collected then need another one.
  if (result.killed.length > 0) httpd.source.refresh();
  return result;
}

/** @throws GatewayError where it is not proven whose processes a page names */
function provenServer({ server, doubt }: LocalWorkers, httpd: Httpd): ApacheServer {
  if (doubt === undefined) return server;
  throw refusal(doubt.reason, doubt.hint, httpd);
}

function refusal(reason: string, hint: string, httpd: Httpd): GatewayError {
  const message = `no worker is killed, for it is not proven whose page this is: ${reason}`;
  return new GatewayError(ErrorCode.BadInput, message, { address: httpd.shownUrl, hint });
}

/** Why processes that are over a limit were not killed, a sentence for each reason. */
export function refusalsOf({ refused }: KillResult): string[] {
  const pids = new Map<string, number[]>();
  for (const { pid, reason } of refused) pids.set(reason, [...(pids.get(reason) ?? []), pid]);
  return [...pids].map(([reason, those]) => {
    const why = reason === "EPERM" ? "this user may not (run it as root)" : reason;
    const what = those.length === 1 ? "process" : "processes";
    return `${what} ${those.join(", ")} not killed: ${why}`;
  });
}

function noLimit(): GatewayError {
  return new GatewayError(ErrorCode.BadInput, "no limit is given: nothing would be killed", {
    hint: "give --max-time, --max-memory-active or --max-memory-idle",
  });
}
