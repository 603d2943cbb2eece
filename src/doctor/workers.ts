import type { ProcessInfo } from "../apache/processes/process-table.js";
import { isSameProcess } from "../apache/processes/process-table.js";
import type { PoolStatus, ProcessStatus } from "../status-page/pool-status.js";
import { WaitKind, type WorkerEvidence } from "./evidence.js";
import type { Machine } from "./machine.js";
import { processText, TICKS } from "./processes.js";
import { readSharedScoreboard } from "./shared-scoreboard.js";
import { lookAtWorkers, type PoolSockets, type WorkerMoment } from "./worker-wait.js";

/** The most workers of a pool that are looked at, the first ones by pid. */
export const MAX_WORKERS = 2_000;

/** The workers whose memory is measured: the kernel walks through all of their pages for it. */
const MAX_MEASURED = 100;

/** A worker at the first look. */
interface FirstLook {
  readonly process: ProcessInfo;
  readonly moment: WorkerMoment | undefined;
  readonly requestAge: number | undefined;
  readonly script: string | undefined;
}

/** The workers of a pool, looked at twice. */
export class WorkerLooks {
  readonly #machine: Machine;
  readonly #pool: PoolSockets;
  readonly #first: readonly FirstLook[];
  readonly #taken = performance.now();
  /** Why php-fpm's scoreboard does not tell of each request that runs; `undefined` if it does. */
  readonly noScoreboard: string | undefined;

  private constructor(
    machine: Machine,
    pool: PoolSockets,
    first: readonly FirstLook[],
    noScoreboard: string | undefined,
  ) {
    this.#machine = machine;
    this.#pool = pool;
    this.#first = first;
    this.noScoreboard = noScoreboard;
  }

  /** Looks for the first time. */
  static async begin(
    workers: readonly ProcessInfo[],
    pool: PoolSockets,
    machine: Machine,
  ): Promise<WorkerLooks> {
    const { processes } = machine;
    const looked = workers.slice(0, MAX_WORKERS);
    const moments = await lookAtWorkers(looked, pool, () => machine.sockets());
    const entries = readSharedScoreboard(
      looked.map((worker) => ({ pid: worker.pid, startedAt: processes.startOf(worker) / 1_000 })),
    );
    const first = looked.map((process): FirstLook => {
      const moment = moments.get(process.pid);
      const entry = moment?.client === undefined ? undefined : entries?.get(process.pid);
      // A worker that waits for its client still shows the request before.
      const isKnown = entry !== undefined && moment?.wait?.kind !== WaitKind.Client;
      return {
        process,
        moment,
        requestAge: isKnown ? entry.age : undefined,
        script: isKnown ? entry.script || entry.uri || undefined : undefined,
      };
    });
    // A worker that has not run a request yet has no entry.
    const isTold = first.every(
      ({ process: { pid }, moment }) =>
        entries?.has(pid) || (moment !== undefined && moment.client === undefined),
    );
    const why = isTold ? undefined : whyNoScoreboard(entries !== undefined);
    return new WorkerLooks(machine, pool, first, why);
  }

  /** Looks again, and joins the looks with the lines of the status page. */
  async again(status: PoolStatus | undefined): Promise<WorkerEvidence[]> {
    const seconds = (performance.now() - this.#taken) / 1_000;
    const lines = new Map((status?.processes ?? []).map((line) => [line.pid, line]));
    const alive = this.#first.flatMap(({ process }) => {
      const now = this.#machine.processes.read(process.pid);
      return now !== undefined && isSameProcess(process, now) ? [now] : [];
    });
    const later = await lookAtWorkers(alive, this.#pool, () => this.#machine.sockets());
    const living = new Map(alive.map((process) => [process.pid, process]));
    return this.#first.map(({ process, moment, requestAge, script }, index) => {
      const { pid } = process;
      const now = living.get(pid);
      const isSameRequest =
        moment?.client !== undefined && later.get(pid)?.client === moment.client;
      const line = isSameRequest ? runningLine(lines.get(pid)) : undefined;
      const onPage = line?.requestDuration;
      const startedAt = this.#machine.processes.startOf(process);
      const since = isSameRequest ? seconds : 0;
      return {
        pid,
        state: process.state,
        age: (Date.now() - startedAt) / 1_000,
        startedAt,
        cpu: now && (now.cpuTicks - process.cpuTicks) / TICKS / seconds,
        isBusy: moment && moment.client !== undefined,
        isSameRequest,
        isLaterBusy: later.get(pid)?.client !== undefined,
        wait: moment?.wait,
        laterWait: later.get(pid)?.wait,
        client: moment?.clientAddress,
        requestAge: requestAge === undefined ? onPage && onPage / 1e6 : requestAge + since,
        script: script ?? scriptOf(line),
        privateBytes: now && index < MAX_MEASURED ? privateBytes(pid) : undefined,
      };
    });
  }
}

function whyNoScoreboard(isReadable: boolean): string {
  if (isReadable) return "php-fpm's scoreboard has another form in this version";
  return process.geteuid?.() === 0
    ? "php-fpm's memory may not be read: this root has no CAP_SYS_PTRACE"
    : "root alone may read php-fpm's scoreboard";
}

/** The line of a process that runs a request. */
function runningLine(line: ProcessStatus | undefined): ProcessStatus | undefined {
  return line === undefined || line.state === "Idle" ? undefined : line;
}

/** The script of a line of the status page, or the name in its URI. */
export function scriptOf(line: ProcessStatus | undefined): string | undefined {
  const { script = "-", requestUri = "-" } = line ?? {};
  if (script !== "-") return script;
  return requestUri === "-" ? undefined : requestUri.replace(/\?.*$/s, "");
}

/**
 * The memory of a process without its files, in bytes, what is swapped out included. Pages that it
 * shares with the processes it was forked from count in part. OPcache's pages do not count: the
 * kernel calls them private where only one process has touched them.
 */
function privateBytes(pid: number): number | undefined {
  const rollup = processText(pid, "smaps_rollup");
  const kilobytes = (name: string) => {
    const found = new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(rollup ?? "")?.[1];
    return found === undefined ? undefined : Number(found);
  };
  // Linux has Pss_Anon since 5.4.
  const own = kilobytes("Pss_Anon") ?? kilobytes("Private_Dirty");
  return own === undefined ? undefined : (own + (kilobytes("SwapPss") ?? 0)) * 1_024;
}
