import type { ProxyBalancer, ServerStatus } from "../apache/page/server-status.js";
import { ErrorCode } from "../errors.js";
import type { FleetResult } from "../fleet/probe.js";
import { formatLabels, type Metric, metricText } from "./exposition.js";
import type { Sample, StatusMetric } from "./status-metric.js";
import { tlsCacheMetrics } from "./tls-cache-metrics.js";

/** Names, types, labels and values are those of apache_exporter, whose dashboards they serve. */
const statusMetrics: readonly StatusMetric[] = [
  {
    name: "apache_accesses_total",
    type: "counter",
    help: "Requests since the restart. Needs ExtendedStatus On.",
    samples: (status) => [[{}, status.totalAccesses]],
  },
  {
    name: "apache_connections",
    type: "gauge",
    help: "Connections of an asynchronous MPM, by what they wait for.",
    samples: (status) => [
      [{ state: "closing" }, status.connectionsClosing],
      [{ state: "keepalive" }, status.connectionsKeepAlive],
      [{ state: "total" }, status.connections],
      [{ state: "wait_io" }, status.connectionsWaitIo],
      [{ state: "writing" }, status.connectionsWriting],
    ],
  },
  {
    name: "apache_cpu_time_ms_total",
    type: "counter",
    help: "Milliseconds of CPU time, those of ended children included.",
    samples: (status) => [
      [{ type: "system" }, milliseconds(status.cpuSystem, status.cpuChildrenSystem)],
      [{ type: "user" }, milliseconds(status.cpuUser, status.cpuChildrenUser)],
    ],
  },
  {
    name: "apache_cpuload",
    type: "gauge",
    help: "Percent of one CPU since the restart. httpd leaves it out while it is 0.",
    samples: (status) => [[{}, status.cpuLoad ?? 0]],
  },
  {
    name: "apache_duration_ms_total",
    type: "counter",
    help: "Milliseconds that all requests took together.",
    samples: (status) => [[{}, status.totalDuration]],
  },
  {
    name: "apache_generation",
    type: "gauge",
    help: "How many times the configuration was read, and the MPM restarted.",
    samples: (status) => [
      [{ type: "config" }, status.configGeneration],
      [{ type: "mpm" }, status.mpmGeneration],
    ],
  },
  {
    name: "apache_info",
    type: "gauge",
    help: "1, with the version and the MPM of the server.",
    samples: ({ serverMpm: mpm = "UNKNOWN", serverVersion: version = "UNKNOWN" }) => [
      [{ mpm, version }, 1],
    ],
  },
  {
    name: "apache_load",
    type: "gauge",
    help: "Load average of the system.",
    samples: (status) => [
      [{ interval: "15min" }, status.load15],
      [{ interval: "1min" }, status.load1],
      [{ interval: "5min" }, status.load5],
    ],
  },
  {
    name: "apache_processes",
    type: "gauge",
    help: "Processes of an asynchronous MPM.",
    samples: (status) => [
      [{ state: "all" }, status.processes],
      [{ state: "stopping" }, status.stopping],
    ],
  },
  {
    name: "apache_proxy_balancer_accesses_total",
    type: "counter",
    help: "Requests that the worker of a balancer was chosen for.",
    samples: ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ elected }) => elected),
  },
  {
    name: "apache_proxy_balancer_busy",
    type: "gauge",
    help: "Requests that the worker of a balancer has at the moment.",
    samples: ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ busy }) => busy),
  },
  {
    name: "apache_proxy_balancer_request_kbytes_total",
    type: "counter",
    help: "Units of 1,024 bytes sent to the worker of a balancer.",
    samples: ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ sent }) => kilobytes(sent)),
  },
  {
    name: "apache_proxy_balancer_response_kbytes_total",
    type: "counter",
    help: "Units of 1,024 bytes received from the worker of a balancer.",
    samples: ({ proxyBalancers }) =>
      workerSamples(proxyBalancers, ({ received }) => kilobytes(received)),
  },
  {
    name: "apache_proxy_balancer_status",
    type: "gauge",
    help: "1, with the flags of the worker of a balancer.",
    samples: statusSamples,
  },
  {
    name: "apache_scoreboard",
    type: "gauge",
    help: "Slots by what they do.",
    samples: scoreboardSamples,
  },
  {
    name: "apache_sent_kilobytes_total",
    type: "counter",
    help: "Units of 1,024 bytes sent since the restart. Needs ExtendedStatus On.",
    samples: (status) => [[{}, kilobytes(status.totalTraffic)]],
  },
  ...tlsCacheMetrics,
  {
    name: "apache_uptime_seconds_total",
    type: "counter",
    help: "Seconds since the restart.",
    samples: (status) => [[{}, status.uptime]],
  },
  {
    name: "apache_version",
    type: "gauge",
    help: "The version as a number: 2.4.66 is 2.04066.",
    samples: (status) => [[{}, versionNumber(status.serverVersion)]],
  },
  {
    name: "apache_workers",
    type: "gauge",
    help: "Slots that are busy, idle, or finish a request before they end.",
    samples: (status) => [
      [{ state: "busy" }, status.asyncBusyWorkers ?? status.busyWorkers],
      [{ state: "graceful" }, status.gracefulWorkers],
      [{ state: "idle" }, status.asyncIdleWorkers ?? status.idleWorkers],
    ],
  },
];

const up: Metric = {
  name: "apache_up",
  type: "gauge",
  help: "Whether the server answered, be it with an error.",
};
const scrapeFailures: Metric = {
  name: "apache_exporter_scrape_failures_total",
  type: "counter",
  help: "How often the status could not be read.",
};

/** Errors of a server that did answer. */
const answered: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.PageNotFound,
  ErrorCode.AccessDenied,
  ErrorCode.ServerBusy,
  ErrorCode.BadStatus,
  ErrorCode.NotAStatusPage,
  ErrorCode.LimitExceeded,
  ErrorCode.Truncated,
]);

/**
 * Collects the status of one httpd or of several, and writes it in the Prometheus text format. Of
 * several each line has the label `scrape_uri`; of one there is none, as of apache_exporter.
 */
export class ApacheMetrics {
  readonly #results: FleetResult<ServerStatus>[] = [];

  add(result: FleetResult<ServerStatus>): void {
    this.#results.push(result);
  }

  /** The text, one metric at a time; metrics without a value are left out. */
  *text(): Generator<string> {
    yield this.#metric(scrapeFailures, (result) => [[{}, result.ok ? undefined : 1]]);
    yield this.#metric(up, (result) => [
      [{}, result.ok || answered.has(result.error.code) ? 1 : 0],
    ]);
    for (const metric of statusMetrics) {
      yield this.#metric(metric, (result) => (result.ok ? metric.samples(result.value) : []));
    }
  }

  #metric(
    metric: Metric,
    samples: (result: FleetResult<ServerStatus>) => readonly Sample[],
  ): string {
    const isOne = this.#results.length === 1;
    return metricText(
      metric,
      this.#results.flatMap((result) => {
        const target = isOne ? [] : [["scrape_uri", result.target] as const];
        return samples(result).map(
          ([labels, value]) =>
            [formatLabels([...Object.entries(labels), ...target]), value] as const,
        );
      }),
    );
  }
}

function milliseconds(seconds: number | undefined, children: number | undefined) {
  if (seconds === undefined && children === undefined) return undefined;
  return 1000 * ((seconds ?? 0) + (children ?? 0));
}

function kilobytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1024;
}

/** `Apache/2.4.66 (Debian)` is 2.04066. `undefined` where ServerTokens hides the number. */
function versionNumber(text: string | undefined): number | undefined {
  const match = /\/(\d{1,3})\.(\d{1,2})\.(\d{1,3})/.exec(text ?? "");
  if (match === null) return undefined;
  const [, major, minor = "", patch = ""] = match;
  return Number(`${major}.${minor.padStart(2, "0")}${patch.padStart(3, "0")}`);
}

type BalancerWorker = ProxyBalancer["workers"][number];

function workerSamples(
  balancers: readonly ProxyBalancer[],
  value: (worker: BalancerWorker) => number | undefined,
): Sample[] {
  return balancers.flatMap(({ name = "", workers }) =>
    workers.map((worker): Sample => [{ balancer: name, worker: worker.name ?? "" }, value(worker)]),
  );
}

function statusSamples({ proxyBalancers }: ServerStatus): Sample[] {
  return proxyBalancers.flatMap(({ name = "", workers }) =>
    workers.flatMap(({ name: worker = "", status }): Sample[] =>
      status === undefined ? [] : [[{ balancer: name, status, worker }, 1]],
    ),
  );
}

function scoreboardSamples({ scoreboard }: ServerStatus): Sample[] {
  if (scoreboard === undefined) return [];
  const known: Sample[] = [
    [{ state: "closing" }, scoreboard.closing],
    [{ state: "dns" }, scoreboard.dns],
    [{ state: "graceful_stop" }, scoreboard.graceful],
    [{ state: "idle" }, scoreboard.waiting],
    [{ state: "idle_cleanup" }, scoreboard.idleCleanup],
    [{ state: "keepalive" }, scoreboard.keepAlive],
    [{ state: "logging" }, scoreboard.logging],
    [{ state: "open_slot" }, scoreboard.open],
    [{ state: "read" }, scoreboard.reading],
    [{ state: "reply" }, scoreboard.writing],
    [{ state: "startup" }, scoreboard.starting],
  ];
  return scoreboard.other === 0 ? known : [...known, ...otherLetters(scoreboard.letters)];
}

/** Letters that have no name are their own. */
function otherLetters(letters: string): Sample[] {
  const counts = new Map<string, number>();
  for (const letter of letters.replace(/[_SRWKDCLGI.]/g, "")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => [{ state }, count]);
}
