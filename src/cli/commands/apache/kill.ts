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
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import { Httpd } from "../../../discovery/local-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { visible } from "../../../terminal/text.js";
import { ExitCode, exitStatusHelp } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { parseDuration } from "../../parse-values.js";
import { reportErrors, warningLine } from "../../report-error.js";
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
Kills a worker when its process uses more memory than the limit for its state,
or when it has been on one request for longer than --max-time. A process with
several threads is idle only when all of them are; the request for the status
page does not count. Give at least one limit; 0 is no limit. Write sizes as
500M, 1.5G or 64KiB (powers of 1,024), and times as 30s, 5m or 2h.

Only workers of the httpd that answered are killed. It must own the socket that
listens at that address (checking this takes root), and all processes that the
page names must be its children. If this cannot be proven, as behind a proxy or
in a container, nothing is killed unless --master names the httpd. A process
that the page does not name is never killed: it may be a helper of a module,
such as the process manager of mod_fcgid. Before a kill the page is read again,
and a worker whose request has ended is spared.

With --signal TERM, a worker may end by itself; after --grace it is killed.

${httpdHelp}

${exitStatusHelp}
Finding nothing to kill is success.

Examples:
  fcgi-probe apache kill --max-time 5m --dry-run
  fcgi-probe apache kill --max-memory-active 500M --max-memory-idle 200M --signal TERM
`;

const parseBytes = (text: string) => parseMemorySize(text, { binary: true });

export function defineKill(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  addHttpdOptions(command)
    .option("--max-memory-active <size>", "kill active workers that use more memory", parseBytes)
    .option("--max-memory-idle <size>", "kill idle workers that use more memory", parseBytes)
    .option("--max-time <time>", "kill workers that are on one request for longer", parseTimespan)
    .option("--dry-run", "show what would be killed, and kill nothing")
    .addOption(
      new Option("--signal <name>", "the signal to send (default: KILL)").choices(["TERM", "KILL"]),
    )
    .option("--grace <time>", "time from TERM until KILL (default: 10s)", parseDuration)
    .addHelpText("after", help)
    .action(async (url: string | undefined, options: KillCommandOptions) => {
      finish(await reportErrors(io, () => runKill(url, options, io, new ProcFileSystem())));
    });
}

/** Kills the workers of one httpd that are over a limit, and shows which. */
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
  await io.stderr.writeLines(refusalsOf(result).map((text) => warningLine(text, io)));
  return result.refused.length > 0 ? ExitCode.Failed : ExitCode.Fine;
}

/** How to kill, and which of the workers may be killed. */
export interface ProvenKillOptions extends Omit<KillOptions, "again"> {
  /** Whether a worker may be killed. Default: any. */
  readonly mayKill?: ((worker: ApacheWorker) => boolean) | undefined;
}

/**
 * Kills the workers of an httpd that are over a limit, if it is proven that they are its own.
 *
 * @throws GatewayError `bad_input` if it is not proven; then nothing has been killed
 */
export async function killOf(
  httpd: Httpd,
  table: ProcessTable,
  { mayKill = () => true, ...options }: ProvenKillOptions,
): Promise<KillResult> {
  const reading = await httpd.workers();
  const server = provenServer(reading, httpd);
  const again = async () => {
    const later = await httpd.workersAgain();
    if (isSameProcess(server.master, provenServer(later, httpd).master)) {
      return later.workers.filter(mayKill);
    }
    throw refusal("another httpd answers now", "try again", httpd);
  };
  const workers = reading.workers.filter(mayKill);
  const result = await killWorkers(workers, server, table, { ...options, again });
  // The page still names the killed workers: metrics that are collected next need a new one.
  if (result.killed.length > 0) httpd.source.refresh();
  return result;
}

/**
 * The httpd whose processes the page names.
 *
 * @throws GatewayError `bad_input` if that is not proven
 */
function provenServer({ server, doubt }: LocalWorkers, httpd: Httpd): ApacheServer {
  if (doubt === undefined) return server;
  throw refusal(doubt.reason, doubt.hint, httpd);
}

function refusal(reason: string, hint: string, httpd: Httpd): GatewayError {
  const message = `no worker is killed, because it is not proven whose page this is: ${reason}`;
  return new GatewayError(ErrorCode.BadInput, message, { address: httpd.shownUrl, hint });
}

/** Why processes over a limit were not killed, one sentence for each reason. */
export function refusalsOf({ refused }: KillResult): string[] {
  const pids = new Map<string, number[]>();
  for (const { pid, reason } of refused) pids.set(reason, [...(pids.get(reason) ?? []), pid]);
  return [...pids].map(([reason, those]) => {
    const why = reason === "EPERM" ? "this user may not kill them (run it as root)" : reason;
    const what = those.length === 1 ? "process" : "processes";
    return `${what} ${those.join(", ")} not killed: ${why}`;
  });
}

function noLimit(): GatewayError {
  return new GatewayError(ErrorCode.BadInput, "no limit is given, so nothing would be killed", {
    hint: "give --max-time, --max-memory-active or --max-memory-idle",
  });
}
