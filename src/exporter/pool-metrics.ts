import type { PoolResult } from "../fleet/fleet.js";
import {
  type PoolStatus,
  ProcessState,
  type ProcessStatus,
  processState,
} from "../status-page/pool-status.js";
import { formatLabels, type LabelledValue, type Metric, metricText } from "./exposition.js";

interface PoolMetric extends Metric {
  value(pool: PoolStatus): number | undefined;
}

interface ProcessMetric extends Metric {
  value(process: ProcessStatus): number | undefined;
}

const up: Metric = {
  name: "phpfpm_up",
  type: "gauge",
  help: "Whether the pool's status could be read.",
};
const scrapeFailures: Metric = {
  name: "phpfpm_scrape_failures",
  type: "counter",
  help: "How often the pool's status could not be read.",
};

/** Names and types are those of php-fpm_exporter, whose dashboards and alerts they serve. */
const poolMetrics: readonly PoolMetric[] = [
  {
    name: "phpfpm_start_since",
    type: "counter",
    help: "Seconds since the pool was started.",
    value: (pool) => pool.startSince,
  },
  {
    name: "phpfpm_accepted_connections",
    type: "counter",
    help: "Requests that the pool has accepted.",
    value: (pool) => pool.acceptedConn,
  },
  {
    name: "phpfpm_listen_queue",
    type: "gauge",
    help: "Connections that wait for a process.",
    value: (pool) => pool.listenQueue,
  },
  {
    name: "phpfpm_max_listen_queue",
    type: "counter",
    help: "The most connections that waited at once since the start.",
    value: (pool) => pool.maxListenQueue,
  },
  {
    name: "phpfpm_listen_queue_length",
    type: "gauge",
    help: "The size of the listen queue.",
    value: (pool) => pool.listenQueueLen,
  },
  {
    name: "phpfpm_idle_processes",
    type: "gauge",
    help: "Processes without a request.",
    value: (pool) => pool.idleProcesses,
  },
  {
    name: "phpfpm_active_processes",
    type: "gauge",
    help: "Processes with a request.",
    value: (pool) => pool.activeProcesses,
  },
  {
    name: "phpfpm_total_processes",
    type: "gauge",
    help: "All processes of the pool.",
    value: (pool) => pool.totalProcesses,
  },
  {
    name: "phpfpm_max_active_processes",
    type: "counter",
    help: "The most processes that were active at once since the start.",
    value: (pool) => pool.maxActiveProcesses,
  },
  {
    name: "phpfpm_max_children_reached",
    type: "counter",
    help: "How often pm.max_children kept the pool from starting a process.",
    value: (pool) => pool.maxChildrenReached,
  },
  {
    name: "phpfpm_slow_requests",
    type: "counter",
    help: "Requests that took longer than request_slowlog_timeout.",
    value: (pool) => pool.slowRequests,
  },
  {
    name: "phpfpm_memory_peak",
    type: "gauge",
    help: "The most memory, in bytes, that one request took since the start.",
    value: (pool) => pool.memoryPeak,
  },
];

const processMetrics: readonly ProcessMetric[] = [
  {
    name: "phpfpm_process_requests",
    type: "counter",
    help: "Requests that the process has served.",
    value: (process) => process.requests,
  },
  {
    name: "phpfpm_process_last_request_memory",
    type: "gauge",
    help: "The most memory, in bytes, that the last request took.",
    value: (process) => process.lastRequestMemory,
  },
  {
    name: "phpfpm_process_last_request_cpu",
    type: "gauge",
    help: "Percent of a CPU that the last request took.",
    value: (process) => process.lastRequestCpu,
  },
  {
    name: "phpfpm_process_request_duration",
    type: "gauge",
    help: "Microseconds that the request has taken.",
    value: (process) => process.requestDuration,
  },
];

const processStates: Metric = {
  name: "phpfpm_process_state",
  type: "gauge",
  help: "1 for the state that the process is in, 0 for the others.",
};

/** The values of the label `state`. One is spelled as PHP 7.3 and earlier do. */
const stateLabels: readonly (readonly [state: ProcessState, label: string])[] = [
  [ProcessState.Idle, "Idle"],
  [ProcessState.Running, "Running"],
  [ProcessState.Finishing, "Finishing"],
  [ProcessState.ReadingHeaders, "Reading headers"],
  [ProcessState.GettingRequestInformation, "Getting request informations"],
  [ProcessState.Ending, "Ending"],
  // Only of a process that is in this state: php-fpm_exporter adds what it does not know like that.
  [ProcessState.Creating, "Creating"],
];

/** What is kept of a result: numbers, and no request of anybody. */
interface Kept {
  labels: string;
  isUp: boolean;
  values: readonly (number | undefined)[];
  processes: readonly KeptProcess[];
}

interface KeptProcess {
  values: readonly (number | undefined)[];
  state: ProcessState | undefined;
}

/**
 * Collects results of any number of pools and writes them in the Prometheus text format, which
 * wants all values of a metric together. Labels are `pool` and `scrape_uri`, the address as it was
 * given; processes add `child`, their index on the page. Nothing of a request is ever a label.
 */
export class PoolMetrics {
  readonly #kept: Kept[] = [];

  add(result: PoolResult): void {
    const pool = result.ok ? result.value : undefined;
    this.#kept.push({
      labels: formatLabels([
        ["pool", pool?.pool ?? ""],
        ["scrape_uri", result.target],
      ]),
      isUp: result.ok,
      values: pool === undefined ? [] : poolMetrics.map((metric) => metric.value(pool)),
      processes: (pool?.processes ?? []).map((process) => ({
        values: processMetrics.map((metric) => metric.value(process)),
        state: processState(process.state),
      })),
    });
  }

  /** The text, one metric at a time; metrics without a value are left out. */
  *text(): Generator<string> {
    yield this.#metric(up, ({ isUp }) => (isUp ? 1 : 0));
    yield this.#metric(scrapeFailures, ({ isUp }) => (isUp ? 0 : 1));
    for (const [index, metric] of poolMetrics.entries()) {
      yield this.#metric(metric, ({ values }) => values[index]);
    }
    for (const [index, metric] of processMetrics.entries()) {
      yield this.#processMetric(metric, ({ values }, labels) => [[labels, values[index]]]);
    }
    yield this.#processMetric(processStates, ({ state }, labels) =>
      stateLabels
        .filter(([each]) => each === state || each !== ProcessState.Creating)
        .map(([each, label]) => [
          `${labels},${formatLabels([["state", label]])}`,
          each === state ? 1 : 0,
        ]),
    );
  }

  #metric(metric: Metric, value: (kept: Kept) => number | undefined): string {
    return metricText(
      metric,
      this.#kept.map((kept) => [kept.labels, value(kept)]),
    );
  }

  #processMetric(
    metric: Metric,
    values: (process: KeptProcess, labels: string) => readonly LabelledValue[],
  ): string {
    return metricText(
      metric,
      this.#kept.flatMap(({ labels, processes }) =>
        processes.flatMap((process, child) =>
          values(process, `${labels},${formatLabels([["child", `${child}`]])}`),
        ),
      ),
    );
  }
}
