import type { Command } from "commander";
import { StatusSource } from "../../apache/fetch/status-source.js";
import {
  type Counters,
  type Measures,
  poolMeasures,
  rateCounters,
  serverMeasures,
  withRates,
} from "../../check/measures.js";
import { type CheckedTarget, checkReport } from "../../check/report.js";
import { readCounters, writeCounters } from "../../check/state-file.js";
import { parseThreshold, type Threshold } from "../../check/threshold.js";
import { CheckState, judge, type Thresholds, worseState } from "../../check/verdict.js";
import { targetAddress } from "../../client/connect.js";
import type { PoolWithoutPage } from "../../discovery/pool-targets.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { kindOf, shownText } from "../../exporter/target.js";
import { type FleetResult, probeAll } from "../../fleet/probe.js";
import { withKernelQueue } from "../../phpfpm/kernel-queue.js";
import { status } from "../../phpfpm/status.js";
import { visible } from "../../terminal/text.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { discoveredPools, repeatable, timeoutOption, timeoutOr } from "../options.js";
import { probePool } from "../reports/probe-pool.js";

interface CheckCommandOptions {
  warning?: string[];
  critical?: string[];
  state?: string;
  timeout?: number;
}

/** What a read gave: the name to show, and the numbers. */
interface Reading {
  readonly name: string;
  readonly measures: Measures;
}

/** The name of the service in the output. */
const SERVICE = "FCGI";

const exitCodes: Readonly<Record<CheckState, ExitCode>> = [
  ExitCode.Fine,
  ExitCode.NotConnected,
  ExitCode.Failed,
  ExitCode.Unknown,
];

const help = `
A threshold is a comparison that raises the alert, as in idle<2 or queue>=10, or
a name and a range of the Monitoring Plugins: queue=10 (alert outside 0 to 10),
idle=2: (below 2), active=@5:10 (inside). A name is a key of the status page, as
in "max children reached" or max-children-reached, or for pools idle, active,
total, queue, requests, slow, uptime; for httpds busy, idle, graceful, requests,
bytes, uptime. requests/s, slow/s, max-children-reached/s and bytes/s are rates
since the last check, and need --state.

The output is one line with performance data. A target that cannot be read is
CRITICAL. Without a TARGET, so is a pool of this machine that does not run; one
without a status page is UNKNOWN.

Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (bad usage, a threshold of a
value that the page does not have, or of a rate when --state cannot be used).

Examples:
  fcgi-probe check unix:/run/php/www.sock:/status --warning 'idle<2' --critical 'queue>10'
  fcgi-probe check 127.0.0.1:9000/status -w slow/s=0.1 --state /var/tmp/fpm-check.json
  fcgi-probe check http://127.0.0.1/server-status --critical 'idle<1'
`;

export function defineCheck(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools, or URLs of httpds' status pages")
    .option("-w, --warning <threshold>", "when to warn", repeatable(String))
    .option("-c, --critical <threshold>", "when it is critical", repeatable(String))
    .option("--state <file>", "where counters are kept for rates")
    .addOption(timeoutOption("status"))
    .addHelpText("after", help)
    .action(async (targets: string[], options: CheckCommandOptions) => {
      finish(await runCheck(targets, options, io));
    });
}

/** Monitoring systems show standard output alone: what keeps the check from running goes there. */
async function runCheck(
  targets: readonly string[],
  options: CheckCommandOptions,
  io: Io,
): Promise<ExitCode> {
  try {
    return await compare(targets, options, io);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await io.stdout.write(unknownLine(`${error.message} (${error.hint})`));
    return ExitCode.Unknown;
  }
}

/** The output of a check that could not be made. */
export function unknownLine(why: string): string {
  return `${SERVICE} UNKNOWN: ${visible(why)}\n`;
}

async function compare(
  given: readonly string[],
  options: CheckCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const { warning = [], critical = [], state: file } = options;
  const thresholds: Thresholds = {
    warning: warning.map(parseThreshold),
    critical: critical.map(parseThreshold),
  };
  requireState(thresholds, file);
  const found = given.length > 0 ? undefined : await discoveredPools("status", io);
  const targets = found?.addresses ?? given;
  const notes = new Set<string>();
  const before = countersBefore(file, notes);
  const after = new Map(before);
  const checked = new Map<string, CheckedTarget>();
  const limits = { timeout: timeoutOr(options.timeout, "status"), signal: io.signal };
  for await (const result of probeAll(targets, readTarget, limits)) {
    checked.set(result.target, check(result, thresholds, before, after));
  }
  if (io.signal.aborted) return ExitCode.Interrupted;
  const inOrder = [
    ...[...new Set(targets)].flatMap((target) => checked.get(target) ?? []),
    ...(found?.without ?? []).map(withoutPage),
  ];
  // A file that could not be read may be another program's.
  if (notes.size === 0) await keepCounters(file, after, notes);
  const needsCounters = rateIn(thresholds) !== undefined;
  const worst = inOrder.reduce<CheckState>(
    (state, target) => worseState(state, target.state),
    notes.size > 0 && needsCounters ? CheckState.Unknown : CheckState.Ok,
  );
  await io.stdout.write(`${checkReport(SERVICE, worst, inOrder, thresholds, [...notes])}\n`);
  return exitCodes[worst];
}

/** A pool that was found counts, also where it has no page to read. */
function withoutPage({ name, isRunning, problem }: PoolWithoutPage): CheckedTarget {
  return isRunning
    ? { name, state: CheckState.Unknown, reasons: [problem.message] }
    : { name, state: CheckState.Critical, reasons: ["the pool does not run"] };
}

/** Without its counters, a check still compares all but rates. What is wrong becomes a note. */
function countersBefore(file: string | undefined, notes: Set<string>): Map<string, Counters> {
  if (file === undefined) return new Map();
  try {
    return readCounters(file);
  } catch (error) {
    notes.add(`--state ${file}: ${(error as Error).message}`);
    return new Map();
  }
}

async function keepCounters(
  file: string | undefined,
  counters: ReadonlyMap<string, Counters>,
  notes: Set<string>,
): Promise<void> {
  if (file === undefined) return;
  try {
    await writeCounters(file, counters);
  } catch (error) {
    notes.add(`--state ${file}: ${(error as Error).message}`);
  }
}

function rateIn({ warning, critical }: Thresholds): Threshold | undefined {
  return [...warning, ...critical].find(({ name }) => name.endsWith("/s"));
}

function requireState(thresholds: Thresholds, file: string | undefined): void {
  const rate = rateIn(thresholds);
  if (rate === undefined || file !== undefined) return;
  throw new GatewayError(ErrorCode.BadInput, `"${rate.text}" is a rate since the last check`, {
    hint: "name a file for the counters, as in --state /var/tmp/fpm-check.json",
  });
}

async function readTarget(
  target: string,
  limits: { timeout: number; signal: AbortSignal },
): Promise<Reading> {
  if (kindOf(target) === "apache") {
    const server = await new StatusSource(target, limits).status();
    return { name: server.serverName ?? shownText(target), measures: serverMeasures(server) };
  }
  const pool = await readPool(target, limits);
  return { name: pool.pool ?? target, measures: poolMeasures(pool) };
}

/** The queue of a unix socket is the kernel's: the page has 0. That of `pm.status_listen` is another. */
const readPool = probePool(undefined, async (address, limits) => {
  const pool = await status(address, { ...limits, retries: 0 });
  if (!("socketPath" in address.endpoint)) return pool;
  const { localPool } = await import("../reports/local-pool.js");
  const listen = (await localPool(address.text))?.listen;
  const { endpoint } = listen === undefined ? address : targetAddress(listen);
  return withKernelQueue(pool, endpoint);
});

function check(
  result: FleetResult<Reading>,
  thresholds: Thresholds,
  before: ReadonlyMap<string, Counters>,
  after: Map<string, Counters>,
): CheckedTarget {
  const { target } = result;
  if (!result.ok) {
    const { code, message } = result.error;
    // A wrong address is bad usage, and says nothing of a pool.
    const state = code === ErrorCode.BadAddress ? CheckState.Unknown : CheckState.Critical;
    return { name: shownText(target), state, reasons: [`${message} (${code})`] };
  }
  const { name, measures } = result.value;
  const now = rateCounters(measures, Date.now());
  after.set(target, now);
  const rated = withRates(measures, before.get(target), now);
  return { name, measures: rated, ...judge(rated.values, thresholds) };
}
