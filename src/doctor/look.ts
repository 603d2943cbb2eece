import { setTimeout as sleep } from "node:timers/promises";
import { GatewayError } from "../errors.js";
import { status } from "../phpfpm/status.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import type { Evidence, NotLookedAt, PageEvidence, QueueEvidence } from "./evidence.js";
import { DoctorProcesses } from "./processes.js";
import { SocketTable } from "./sockets.js";
import type { Subject } from "./subjects.js";
import type { PoolSockets } from "./worker-wait.js";
import { MAX_WORKERS, WorkerLooks } from "./workers.js";

/** How a pool is looked at. */
export interface LookOptions {
  /** Milliseconds that the status page may take. Default: 3,000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds between the two looks. */
const INTERVAL = 1_000;
const TIMEOUT = 3_000;

/** Reads all that can be read about a pool: at once, and again a second later. */
export async function lookAtPool(subject: Subject, options: LookOptions = {}): Promise<Evidence> {
  const { configuration, lines, endpoint, masters, isHere, target } = subject;
  const missing: NotLookedAt[] = [];
  const [tables, queues] = await Promise.all([SocketTable.read(), new AcceptQueues().read()]);
  const listeners = tables.listeners(endpoint);
  const pool: PoolSockets = { endpoint, listeners };
  const processes = new DoctorProcesses();
  const own = processes.ofPool(masters, listeners, configuration?.name);
  const looks = own && (await WorkerLooks.begin(own.workers, pool, processes));
  const began = performance.now();
  const [page] = await Promise.all([
    readPage(subject, options),
    sleep(INTERVAL, undefined, options.signal && { signal: options.signal }),
  ]);
  const interval = (performance.now() - began) / 1_000;
  const workers = await looks?.again(page.status);
  if (own === undefined) {
    const what = "the workers in /proc";
    const why = isHere
      ? "no master of php-fpm that is visible here listens at the address"
      : "the address is not known to be of this machine";
    missing.push({ what, why });
  } else if (workers?.some(({ isBusy }) => isBusy === undefined)) {
    missing.push({
      what: "what the workers do",
      why: "this user may not see their files; run as root",
    });
  }
  if (looks?.hasScoreboard === false && page.status === undefined) {
    const why = "the status page does not answer, and root alone may read php-fpm's scoreboard";
    missing.push({ what: "since when requests run, and their scripts", why });
  }
  if (own !== undefined && own.workers.length > MAX_WORKERS) {
    const what = `${own.workers.length - MAX_WORKERS} of the ${own.workers.length} workers`;
    missing.push({ what, why: `at most ${MAX_WORKERS} are looked at` });
  }
  const found = queues.queueOf(endpoint);
  if (found === undefined) {
    missing.push({
      what: "the accept queue",
      why: "nothing listens at the address in this network namespace",
    });
  }
  if (configuration === undefined) {
    missing.push({
      what: "the configuration",
      why: "no configuration of php-fpm that was found here has the address",
    });
  }
  const backlog = configuration?.backlog;
  const queue: QueueEvidence | undefined = found && {
    ...found,
    longest: queues.longest,
    limit: limitOf(backlog, queues.longest),
  };
  return {
    target,
    name: page.status?.pool ?? configuration?.name,
    configuration,
    sourceOf: (directive) =>
      configuration && (lines?.sourceOf(configuration.name, directive) ?? configuration.source),
    page,
    queue,
    interval,
    master: own && { pid: own.master.pid, startedAt: processes.startOf(own.master) },
    workers,
    notLookedAt: missing,
  };
}

function limitOf(backlog: number | undefined, longest: number | undefined): number | undefined {
  if (backlog === undefined || longest === undefined) return undefined;
  return backlog < 0 ? longest : Math.min(backlog, longest);
}

async function readPage({ target }: Subject, options: LookOptions): Promise<PageEvidence> {
  const { timeout = TIMEOUT, signal } = options;
  try {
    return {
      address: target,
      status: await status(target, { full: true, timeout, signal }),
      error: undefined,
    };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { address: target, status: undefined, error };
  }
}
