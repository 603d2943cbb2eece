import { cacheFields } from "../apache/page/module-lines.js";
import { scoreboardState, scoreboardStates } from "../apache/page/scoreboard.js";
import type { ProxyBalancer, ServerStatus } from "../apache/page/server-status.js";
import { statusFields } from "../apache/page/status-fields.js";
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

/** The cache of TLS sessions, which apache_exporter does not show. */
const cacheMetrics = cacheFields.flatMap(({ metric, help = "", property }): StatusMetric[] => {
  if (metric === undefined) return [];
  const define = metric.endsWith("_total") ? counter : gauge;
  const samples: Samples = ({ tlsSessionCache: cache }) => [[{}, cache?.[property]]];
  return [define(`tls_session_cache_${metric}`, help, samples)];
});

/** Names, types, labels and values are those of apache_exporter, so that its dashboards work. */
const statusMetrics: readonly StatusMetric[] = [
  counter(
    "accesses_total",
    "Requests since the restart. Needs ExtendedStatus On.",
    fieldSamples("accesses_total"),
  ),
  gauge(
    "connections",
    "Connections of an asynchronous MPM, by what they wait for.",
    fieldSamples("connections"),
  ),
  counter(
    "cpu_time_ms_total",
    "Milliseconds of CPU time, including that of children that have ended.",
    fieldSamples("cpu_time_ms_total", (seconds) => 1000 * seconds),
  ),
  gauge(
    "cpuload",
    "Percent of one CPU since the restart. httpd leaves it out while it is 0.",
    (status) => [[{}, status.cpuLoad ?? 0]],
  ),
  counter(
    "duration_ms_total",
    "Milliseconds that all requests have taken.",
    fieldSamples("duration_ms_total"),
  ),
  gauge(
    "generation",
    "How many times the configuration was read, and the MPM was restarted.",
    fieldSamples("generation"),
  ),
  gauge(
    "info",
    "1, with the version and the MPM of the server.",
    ({ serverMpm: mpm = "UNKNOWN", serverVersion: version = "UNKNOWN" }) => [[{ mpm, version }, 1]],
  ),
  gauge("load", "Load average of the system.", fieldSamples("load")),
  gauge("processes", "Processes of an asynchronous MPM.", fieldSamples("processes")),
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
    fieldSamples("sent_kilobytes_total", (bytes) => bytes / 1024),
  ),
  ...cacheMetrics,
  counter(
    "uptime_seconds_total",
    "Seconds since the restart.",
    fieldSamples("uptime_seconds_total"),
  ),
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

/**
 * The samples of the fields that name a metric. Values with the same labels are added.
 *
 * @param convert converts the sum to the unit of the metric
 */
function fieldSamples(name: string, convert = (sum: number) => sum): Samples {
  const fields = statusFields.filter(({ metric }) => metric === name);
  const textOf = (labels: Readonly<Record<string, string>>) => formatLabels(Object.entries(labels));
  const byLabels = new Map(fields.map(({ labels }) => [textOf(labels), labels]));
  const groups = [...byLabels].sort().map(([text, labels]) => ({
    labels,
    properties: fields
      .filter((field) => textOf(field.labels) === text)
      .map((each) => each.property),
  }));
  return (status) =>
    groups.map(({ labels, properties }) => {
      const values = properties
        .map((property) => status[property])
        .filter((value) => typeof value === "number");
      if (values.length === 0) return [labels, undefined];
      return [labels, convert(values.reduce((sum, value) => sum + value, 0))];
    });
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
  const known = scoreboardStates.map(
    ({ metricState, property }): Sample => [{ state: metricState }, scoreboard[property]],
  );
  return scoreboard.other === 0 ? known : [...known, ...otherLetters(scoreboard.letters)];
}

/** Counts letters that have no name. */
function otherLetters(letters: string): Sample[] {
  const counts = new Map<string, number>();
  for (const letter of letters) {
    if (scoreboardState(letter) === undefined) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => [{ state }, count]);
}
