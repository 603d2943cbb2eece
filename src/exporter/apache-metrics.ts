import type { ProxyBalancer, ServerStatus, SharedCache } from "../apache/page/server-status.js";
import { ErrorCode } from "../errors.js";
import type { FleetResult } from "../fleet/probe.js";
import { formatLabels, type Metric, metricText } from "./exposition.js";

/** Labels that distinguish a value from the others of its metric. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

/** A metric of httpd's status. A value that the status lacks is `undefined`. */
interface StatusMetric extends Metric {
  samples(status: ServerStatus): readonly Sample[];
}

type Samples = StatusMetric["samples"];
const counter = (name: string, help: string, samples: Samples): StatusMetric => ({
  name: `apache_${name}`,
  type: "counter",
  help,
  samples,
});
const gauge = (name: string, help: string, samples: Samples): StatusMetric => ({
  ...counter(name, help, samples),
  type: "gauge",
});

type CacheNumber = {
  [Key in keyof SharedCache]: SharedCache[Key] extends number | undefined ? Key : never;
}[keyof SharedCache];

type CacheRow = readonly [name: string, type: Metric["type"], field: CacheNumber, help: string];

/** The cache of TLS sessions, which apache_exporter does not show. */
const cacheRows: readonly CacheRow[] = [
  ["current_entries", "gauge", "currentEntries", "TLS sessions in the cache."],
  [
    "discards_total",
    "counter",
    "discarded",
    "TLS sessions that were discarded without having been read.",
  ],
  ["expires_total", "counter", "expired", "TLS sessions that expired."],
  ["index_usage_percent", "gauge", "indexUsage", "Percent of the cache's index in use."],
  [
    "remove_hits_total",
    "counter",
    "removeHits",
    "Removals of TLS sessions that were in the cache.",
  ],
  [
    "remove_misses_total",
    "counter",
    "removeMisses",
    "Removals of TLS sessions that were not in the cache.",
  ],
  ["replaces_total", "counter", "replaced", "TLS sessions that replaced others."],
  ["retrieve_hits_total", "counter", "retrieveHits", "TLS sessions that were found."],
  ["retrieve_misses_total", "counter", "retrieveMisses", "TLS sessions that were not found."],
  ["shared_memory_bytes", "gauge", "sharedMemory", "Bytes of shared memory of the cache."],
  ["stores_total", "counter", "stored", "TLS sessions that were stored."],
  ["usage_percent", "gauge", "usage", "Percent of the cache in use."],
];

const cacheMetrics = cacheRows.map(([name, type, field, help]) => ({
  name: `apache_tls_session_cache_${name}`,
  type,
  help,
  samples: ({ tlsSessionCache }: ServerStatus): Sample[] => [[{}, tlsSessionCache?.[field]]],
}));

/** Names, types, labels and values are those of apache_exporter, for the sake of its dashboards. */
const statusMetrics: readonly StatusMetric[] = [
  counter("accesses_total", "Requests since the restart. Needs ExtendedStatus On.", (status) => [
    [{}, status.totalAccesses],
  ]),
  gauge("connections", "Connections of an asynchronous MPM, by what they wait for.", (status) => [
    [{ state: "closing" }, status.connectionsClosing],
    [{ state: "keepalive" }, status.connectionsKeepAlive],
    [{ state: "total" }, status.connections],
    [{ state: "wait_io" }, status.connectionsWaitIo],
    [{ state: "writing" }, status.connectionsWriting],
  ]),
  counter(
    "cpu_time_ms_total",
    "Milliseconds of CPU time, including that of children that have ended.",
    (status) => [
      [{ type: "system" }, milliseconds(status.cpuSystem, status.cpuChildrenSystem)],
      [{ type: "user" }, milliseconds(status.cpuUser, status.cpuChildrenUser)],
    ],
  ),
  gauge(
    "cpuload",
    "Percent of one CPU since the restart. httpd leaves it out while it is 0.",
    (status) => [[{}, status.cpuLoad ?? 0]],
  ),
  counter("duration_ms_total", "Milliseconds that all requests have taken.", (status) => [
    [{}, status.totalDuration],
  ]),
  gauge(
    "generation",
    "How many times the configuration was read, and the MPM was restarted.",
    (status) => [
      [{ type: "config" }, status.configGeneration],
      [{ type: "mpm" }, status.mpmGeneration],
    ],
  ),
  gauge(
    "info",
    "1, with the version and the MPM of the server.",
    ({ serverMpm: mpm = "UNKNOWN", serverVersion: version = "UNKNOWN" }) => [[{ mpm, version }, 1]],
  ),
  gauge("load", "Load average of the system.", (status) => [
    [{ interval: "15min" }, status.load15],
    [{ interval: "1min" }, status.load1],
    [{ interval: "5min" }, status.load5],
  ]),
  gauge("processes", "Processes of an asynchronous MPM.", (status) => [
    [{ state: "all" }, status.processes],
    [{ state: "stopping" }, status.stopping],
  ]),
  counter(
    "proxy_balancer_accesses_total",
    "Requests for which a worker of a balancer was chosen.",
    ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ elected }) => elected),
  ),
  gauge(
    "proxy_balancer_busy",
    "Requests that a worker of a balancer is serving.",
    ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ busy }) => busy),
  ),
  counter(
    "proxy_balancer_request_kbytes_total",
    "Units of 1,024 bytes sent to a worker of a balancer.",
    ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ sent }) => kilobytes(sent)),
  ),
  counter(
    "proxy_balancer_response_kbytes_total",
    "Units of 1,024 bytes received from a worker of a balancer.",
    ({ proxyBalancers }) => workerSamples(proxyBalancers, ({ received }) => kilobytes(received)),
  ),
  gauge("proxy_balancer_status", "1, with the flags of a worker of a balancer.", statusSamples),
  gauge("scoreboard", "Slots of the scoreboard, by state.", scoreboardSamples),
  counter(
    "sent_kilobytes_total",
    "Units of 1,024 bytes sent since the restart. Needs ExtendedStatus On.",
    (status) => [[{}, kilobytes(status.totalTraffic)]],
  ),
  ...cacheMetrics,
  counter("uptime_seconds_total", "Seconds since the restart.", (status) => [[{}, status.uptime]]),
  gauge("version", "The version as a number: 2.4.66 is 2.04066.", (status) => [
    [{}, versionNumber(status.serverVersion)],
  ]),
  gauge("workers", "Slots that are busy, idle, or finish a request before they end.", (status) => [
    [{ state: "busy" }, status.asyncBusyWorkers ?? status.busyWorkers],
    [{ state: "graceful" }, status.gracefulWorkers],
    [{ state: "idle" }, status.asyncIdleWorkers ?? status.idleWorkers],
  ]),
];

const up: Metric = {
  name: "apache_up",
  type: "gauge",
  help: "1 if the server answered, even with an error; 0 if not.",
};
const scrapeFailures: Metric = {
  name: "apache_exporter_scrape_failures_total",
  type: "counter",
  help: "1 if the status could not be read.",
};

/** The errors of a server that answered. */
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
 * Collects the status of one or more httpds and writes it in the Prometheus text format. If there
 * are several, every line has the label `scrape_uri`; the lines of a single one are those of
 * apache_exporter.
 */
export class ApacheMetrics {
  readonly #results: FleetResult<ServerStatus>[] = [];

  add(result: FleetResult<ServerStatus>): void {
    this.#results.push(result);
  }

  /** Yields the text of one metric at a time, without metrics that have no value. */
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

/** Reads `Apache/2.4.66 (Debian)` as 2.04066. `undefined` if ServerTokens hides the version. */
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

/** Counts letters that have no name. */
function otherLetters(letters: string): Sample[] {
  const counts = new Map<string, number>();
  for (const letter of letters.replace(/[_SRWKDCLGI.]/g, "")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => [{ state }, count]);
}
