import type { ProcessStatus } from "../../status-page/pool-status.js";
import { type PoolStatus, ProcessState, processState } from "../../status-page/pool-status.js";
import type { PoolSample } from "../sample.js";
import type { LabelSet } from "./labels.js";

/** What the metrics of a pool are made of. */
export interface PoolReading {
  readonly labels: LabelSet;
  readonly sample: PoolSample;
  readonly status: PoolStatus | undefined;
  /** The counts of processes by the list of them, where these replace the page's own. */
  readonly counts: ProcessCounts | undefined;
  /**
   * The processes with series of their own: the first ones of the page. PHP-FPM keeps a process in
   * its place until it ends, so the series of these processes go on when a pool grows.
   */
  readonly shown: readonly ProcessStatus[];
  /** All processes if there are more than are shown, or else none. */
  readonly summarized: readonly ProcessStatus[];
}

interface ProcessCounts {
  readonly idleProcesses: number;
  readonly activeProcesses: number;
  readonly totalProcesses: number;
}

const noProcesses: readonly ProcessStatus[] = [];

/** @param fixProcessCount counts the processes of the page's list instead of believing its totals */
export function poolReading(
  sample: PoolSample,
  labels: LabelSet,
  fixProcessCount: boolean,
): PoolReading {
  const { status, target } = sample;
  const processes = status?.processes;
  const all = processes ?? noProcesses;
  const isTooMany = all.length > target.processes;
  return {
    labels,
    sample,
    status,
    counts: fixProcessCount && processes !== undefined ? countsOf(processes) : undefined,
    shown: isTooMany ? all.slice(0, Math.max(0, target.processes)) : all,
    summarized: isTooMany ? all : noProcesses,
  };
}

/** Only a process that waits for a request is idle. */
function countsOf(processes: readonly ProcessStatus[]): ProcessCounts {
  const idleProcesses = processes.filter(
    ({ state }) => processState(state) === ProcessState.Idle,
  ).length;
  const totalProcesses = processes.length;
  return { idleProcesses, activeProcesses: totalProcesses - idleProcesses, totalProcesses };
}
