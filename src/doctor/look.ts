import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessInfo } from "../apache/processes/process-table.js";
import { GatewayError } from "../errors.js";
import { type OpcacheStatus, readOpcache } from "../phpfpm/opcache.js";
import type { AcceptQueue } from "../transport/accept-queues.js";
import {
  type Evidence,
  isLate,
  type NotLookedAt,
  type PageEvidence,
  type WorkerEvidence,
} from "./evidence.js";
import { lookAtPage, whyNotAsk } from "./look-at-page.js";
import type { Machine } from "./machine.js";
import { readMemory } from "./memory.js";
import { readLogs } from "./pool-logs.js";
import type { PoolProcesses } from "./processes.js";
import type { Subject } from "./subjects.js";
import type { PoolSockets } from "./worker-wait.js";
import { MAX_WORKERS, WorkerLooks } from "./workers.js";

/** How a pool is looked at. */
export interface LookOptions {
  /** Milliseconds that the status page may take. Default: 3,000. */
  readonly timeout?: number | undefined;
  /** The path of php/opcache.php, as the pool sees it. Default: OPcache is not looked at. */
  readonly opcache?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds between the two looks. */
const INTERVAL = 1_000;
/** The same where the pool itself starts and ends workers, which it does once a second. */
const LONG_INTERVAL = 2_000;
const TIMEOUT = 3_000;

/** Reads all that can be read about a pool: at once, and again a second later. */
export async function lookAtPool(
  subject: Subject,
  machine: Machine,
  options: LookOptions = {},
): Promise<Evidence> {
  const { configuration, lines, endpoint, masters, target } = subject;
  const [tables, queues] = await Promise.all([machine.sockets(), machine.queues.read()]);
  const listeners = tables.listeners(endpoint);
  const pool: PoolSockets = { endpoint, listeners };
  const { processes } = machine;
  const find = () => processes.ofPool(masters, listeners, configuration?.name);
  const own = find();
  const orphans = own === undefined ? processes.withoutMaster(listeners, configuration?.name) : [];
  const group = own?.workers ?? (orphans.length > 0 ? orphans : undefined);
  const looks = group && (await WorkerLooks.begin(group, pool, machine));
  const began = performance.now();
  const { timeout = TIMEOUT, signal } = options;
  const refusal = whyNotAsk(subject, machine, timeout, signal);
  const [page, opcache] = await Promise.all([
    lookAtPage(subject, refusal, timeout, signal),
    readOpcacheOf(subject, refusal, { ...options, timeout }),
    pause(subject, options),
    refusal,
  ]);
  const interval = (performance.now() - began) / 1_000;
  const later = own && find();
  const workers = await looks?.again(page.status);
  const found = queues.queueOf(endpoint);
  const queueLater = (await machine.queues.read()).queueOf(endpoint);
  const missing: NotLookedAt[] = whatIsMissing(subject, {
    group,
    looks,
    workers,
    page,
    queue: found,
  });
  if (opcache instanceof GatewayError) missing.push({ what: "OPcache", why: opcache.message });
  const file = masters.find(({ pid }) => pid === own?.master.pid)?.file;
  return {
    target,
    name: page.status?.pool ?? configuration?.name,
    configuration,
    sourceOf: (directive) =>
      configuration && (lines?.sourceOf(configuration.name, directive) ?? configuration.source),
    refusal: subject.problems.find(({ source }) => source === file)?.message,
    page,
    queue: found && {
      ...found,
      longest: queues.longest,
      laterWaiting:
        queueLater &&
        Math.max(0, queueLater.waiting - (page.isAsked && isLate(page.error) ? 1 : 0)),
      limit: limitOf(configuration?.backlog, queues.longest),
    },
    interval,
    master: own && {
      pid: own.master.pid,
      state: own.master.state,
      startedAt: processes.startOf(own.master),
    },
    orphans: orphans.map(({ pid }) => pid),
    workers,
    turnover: own && later && turnoverOf(own, later),
    memory: own && readMemory(own.master.pid),
    files: timesOf(lines?.files ?? []),
    log: readLogs(configuration, own?.master.pid, missing, phpLogOf(subject)),
    frontEnds: machine.frontEnds.of(endpoint, missing),
    opcache: opcache instanceof GatewayError ? undefined : opcache,
    notLookedAt: missing,
  };
}

/** The `error_log` of PHP, where the pool sets it. */
function phpLogOf({ configuration, lines }: Subject): string | undefined {
  const named = ["php_admin_value[error_log]", "php_value[error_log]"];
  return named
    .map((directive) => configuration && lines?.valueOf(configuration.name, directive))
    .find((path) => path?.startsWith("/"));
}

/** Waits until the second look. */
async function pause({ configuration }: Subject, { signal }: LookOptions): Promise<void> {
  const { processManager = "static" } = configuration ?? {};
  const time = processManager === "static" ? INTERVAL : LONG_INTERVAL;
  await sleep(time, undefined, signal && { signal });
}

function turnoverOf(before: PoolProcesses, after: PoolProcesses): Evidence["turnover"] {
  const pids = ({ workers }: PoolProcesses) => new Set(workers.map(({ pid }) => pid));
  const [old, young] = [pids(before), pids(after)];
  return {
    ended: [...old].filter((pid) => !young.has(pid)).length,
    started: [...young].filter((pid) => !old.has(pid)).length,
  };
}

/** The times of the files of a configuration, and of the php.ini beside the main file. */
function timesOf(files: readonly string[]): Evidence["files"] {
  const [main] = files;
  const all = main === undefined ? [] : [...files, join(dirname(main), "php.ini")];
  return [...new Set(all)].flatMap((path) => {
    try {
      return [{ path, changedAt: statSync(path).mtimeMs }];
    } catch {
      return []; // There is no such php.ini, or the file has gone.
    }
  });
}

interface Looked {
  /** The workers of the pool, those without a master included. */
  readonly group: readonly ProcessInfo[] | undefined;
  readonly looks: WorkerLooks | undefined;
  readonly workers: readonly WorkerEvidence[] | undefined;
  readonly page: PageEvidence;
  readonly queue: AcceptQueue | undefined;
}

function whatIsMissing(subject: Subject, { group, looks, workers, page, queue }: Looked) {
  const missing: NotLookedAt[] = [];
  const add = (what: string, why: string) => void missing.push({ what, why });
  if (page.error !== undefined) add("the status page", page.error.message);
  if (group === undefined) {
    const here = "no master of php-fpm that can be seen here listens at the address";
    add("the workers", subject.isHere ? here : "the address is not known to be of this machine");
  } else if (workers?.some(({ isBusy }) => isBusy === undefined)) {
    add("what the workers do", "this user may not see their files; run as root");
  }
  if (looks?.noScoreboard !== undefined && page.status === undefined) {
    const why = `the status page does not answer, and ${looks.noScoreboard}`;
    add("since when requests run, and their scripts", why);
  }
  if (group !== undefined && group.length > MAX_WORKERS) {
    const more = group.length - MAX_WORKERS;
    add(`${more} of ${group.length} workers`, `at most ${MAX_WORKERS} are looked at`);
  }
  if (queue === undefined) {
    add("the accept queue", "nothing listens at the address in this network namespace");
  }
  if (subject.configuration === undefined) {
    add("the configuration", "no configuration of php-fpm that was found here has the address");
  }
  for (const why of subject.configuration?.unknown ?? []) {
    add("a directive", why);
  }
  return missing;
}

function limitOf(backlog: number | undefined, longest: number | undefined): number | undefined {
  if (backlog === undefined || longest === undefined) return undefined;
  return backlog < 0 ? longest : Math.min(backlog, longest);
}

/** OPcache, why it could not be read, or `undefined` without a script. */
async function readOpcacheOf(
  { target }: Subject,
  refusal: Promise<GatewayError | undefined>,
  { opcache: script, timeout, signal }: LookOptions,
): Promise<OpcacheStatus | GatewayError | undefined> {
  if (script === undefined) return undefined;
  try {
    const error = await refusal;
    if (error !== undefined) return error;
    return await readOpcache(target, script, { timeout, signal });
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
