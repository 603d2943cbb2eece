// Over 300 lines: it is one table, of which each entry has the names of both styles.
import { cacheFields } from "../../apache/page/module-lines.js";
import { scoreboardState, scoreboardStates } from "../../apache/page/scoreboard.js";
import type { ProxyWorker, ServerStatus } from "../../apache/page/server-status.js";
import { LabelSet } from "./labels.js";
import { both, type Emit, type Metric, single } from "./metric.js";
import {
  fieldsOf,
  hasAnswered,
  ofStatus,
  rename,
  type ServerReading,
  serverMetric,
  startTime,
  value,
  versionNumber,
} from "./server-reading.js";

const stateSet = (state: string) => new LabelSet([["state", state]]);
const states = {
  busy: stateSet("busy"),
  idle: stateSet("idle"),
  graceful: stateSet("graceful"),
  running: stateSet("running"),
  stopping: stateSet("stopping"),
  writing: stateSet("writing"),
  keepalive: stateSet("keepalive"),
  closing: stateSet("closing"),
  waitIo: stateSet("wait_io"),
};

const scrapeMetrics: readonly Metric<ServerReading>[] = [
  {
    "drop-in": {
      name: "apache_exporter_scrape_failures_total",
      type: "counter",
      help: "How often the status could not be read. Only there when it could not.",
      emit: single(({ sample }) => (sample.error === undefined ? undefined : sample.failures)),
    },
    modern: {
      name: "apache_scrape_failures_total",
      type: "counter",
      help: "How often the status could not be read.",
      emit: single(({ sample }) => sample.failures),
      began: ({ sample }) => sample.knownSince,
    },
  },
  serverMetric(
    "gauge",
    "1 if the server answered, even with an error; 0 if not.",
    ["up", single((reading) => (hasAnswered(reading) ? 1 : 0))],
    [
      "up",
      single(({ status }) => (status === undefined ? 0 : 1)),
      "1 if the status of the server could be read, 0 if not.",
    ],
  ),
  both({
    name: "apache_scrape_error",
    type: "gauge",
    help: "1, with the reason why the status of the server could not be read.",
    emit: ({ sample: { reason } }, emit) => {
      if (reason !== undefined) emit(1, new LabelSet([["reason", reason]]));
    },
  }),
  both({
    name: "apache_scrape_duration_seconds",
    type: "gauge",
    help: "Seconds that it took to read the status of the server, or to find out that it cannot be read.",
    emit: single(({ sample }) => sample.elapsed / 1_000),
  }),
];

/** The cache of TLS sessions, which apache_exporter does not show. */
const cacheMetrics = cacheFields.flatMap(({ metric, help = "", property }) => {
  if (metric === undefined) return [];
  const name = `tls_session_cache_${metric}`;
  const read = ({ tlsSessionCache: cache }: ServerStatus) => cache?.[property];
  if (!metric.endsWith("_percent")) {
    return [
      serverMetric(metric.endsWith("_total") ? "counter" : "gauge", help, [name, value(read)]),
    ];
  }
  const ratio = value((status) => percentRatio(read(status)));
  const ratioHelp = help.replace("Percent", "Part");
  const ratioName = name.replace(/_percent$/, "_ratio");
  return [serverMetric("gauge", help, [name, value(read)], [ratioName, ratio, ratioHelp])];
});

/** How many workers of balancers have series: a page may list any number. */
const MAX_WORKERS = 1_000;

/** The metrics of httpds. The drop-in names, types and labels are those of apache_exporter. */
export const httpdMetrics: readonly Metric<ServerReading>[] = [
  ...scrapeMetrics,
  serverMetric(
    "counter",
    "Requests since the restart. Needs ExtendedStatus On.",
    ["accesses_total", fieldsOf("accesses_total")],
    ["requests_total", fieldsOf("accesses_total")],
  ),
  serverMetric(
    "gauge",
    "Connections of an asynchronous MPM, by what they wait for.",
    ["connections", fieldsOf("connections")],
    [
      "connections",
      ofStatus((status, emit) => {
        emit(status.connectionsClosing, states.closing);
        emit(status.connectionsKeepAlive, states.keepalive);
        emit(status.connectionsWaitIo, states.waitIo);
        emit(status.connectionsWriting, states.writing);
      }),
      "Connections of an asynchronous MPM that no thread serves, by what they wait for.",
    ],
  ),
  // A state of its own would change the sums that existing rules make of apache_connections.
  serverMetric(
    "gauge",
    "Connections of an asynchronous MPM that wait for I/O.",
    ["connections_wait_io", fieldsOf("connections_wait_io")],
    false,
  ),
  serverMetric(
    "counter",
    "Milliseconds of CPU time, including that of children that have ended.",
    ["cpu_time_ms_total", fieldsOf("cpu_time_ms_total", (seconds) => 1_000 * seconds)],
    [
      "cpu_seconds_total",
      fieldsOf("cpu_time_ms_total", undefined, rename("type", "mode")),
      "Seconds of CPU time, including that of children that have ended.",
    ],
  ),
  serverMetric(
    "gauge",
    "Percent of one CPU since the restart. httpd leaves it out while it is 0.",
    ["cpuload", value(({ cpuLoad = 0 }) => cpuLoad)],
    false,
  ),
  serverMetric(
    "counter",
    "Milliseconds that all requests have taken.",
    ["duration_ms_total", fieldsOf("duration_ms_total")],
    [
      "request_duration_seconds_total",
      fieldsOf("duration_ms_total", (milliseconds) => milliseconds / 1_000),
      "Seconds that all requests have taken.",
    ],
  ),
  serverMetric(
    "gauge",
    "How many times the configuration was read, and the MPM was restarted.",
    ["generation", fieldsOf("generation")],
    ["generation", fieldsOf("generation", undefined, rename("type", "kind"))],
  ),
  serverMetric("info", "1, with the version and the MPM of the server.", [
    "info",
    ofStatus(({ serverMpm = "UNKNOWN", serverVersion = "UNKNOWN" }, emit) =>
      emit(
        1,
        new LabelSet([
          ["mpm", serverMpm],
          ["version", serverVersion],
        ]),
      ),
    ),
  ]),
  serverMetric("gauge", "Load average of the system.", ["load", fieldsOf("load")], false),
  serverMetric(
    "gauge",
    "Processes of an asynchronous MPM.",
    ["processes", fieldsOf("processes")],
    [
      "processes",
      ofStatus(({ processes, stopping }, emit) => {
        emit(processes && processes - (stopping ?? 0), states.running);
        emit(stopping, states.stopping);
      }),
    ],
  ),
  serverMetric("counter", "Requests for which a worker of a balancer was chosen.", [
    "proxy_balancer_accesses_total",
    workerValues(({ elected }) => elected),
  ]),
  serverMetric("gauge", "Requests that a worker of a balancer is serving.", [
    "proxy_balancer_busy",
    workerValues(({ busy }) => busy),
  ]),
  serverMetric(
    "counter",
    "Units of 1,024 bytes sent to a worker of a balancer.",
    ["proxy_balancer_request_kbytes_total", workerValues(({ sent }) => kilobytes(sent))],
    [
      "proxy_balancer_sent_bytes_total",
      workerValues(({ sent }) => sent),
      "Bytes sent to a worker of a balancer.",
    ],
  ),
  serverMetric(
    "counter",
    "Units of 1,024 bytes received from a worker of a balancer.",
    ["proxy_balancer_response_kbytes_total", workerValues(({ received }) => kilobytes(received))],
    [
      "proxy_balancer_received_bytes_total",
      workerValues(({ received }) => received),
      "Bytes received from a worker of a balancer.",
    ],
  ),
  serverMetric("gauge", "1, with the flags of a worker of a balancer.", [
    "proxy_balancer_status",
    eachWorker(({ status }) => (status === undefined ? undefined : [1, [["status", status]]])),
  ]),
  serverMetric("gauge", "Workers of balancers without series, because there are more than 1,000.", [
    "proxy_balancer_workers_omitted",
    value(({ proxyBalancers }) => {
      const count = proxyBalancers.reduce((sum, { workers }) => sum + workers.length, 0);
      return count > MAX_WORKERS ? count - MAX_WORKERS : undefined;
    }),
  ]),
  serverMetric("gauge", "Slots of the scoreboard, by state.", [
    "scoreboard",
    ofStatus(emitScoreboard),
  ]),
  serverMetric(
    "counter",
    "Units of 1,024 bytes sent since the restart. Needs ExtendedStatus On.",
    ["sent_kilobytes_total", fieldsOf("sent_kilobytes_total", (bytes) => bytes / 1_024)],
    [
      "sent_bytes_total",
      fieldsOf("sent_kilobytes_total"),
      "Bytes sent since the restart, counted in units of 1,024. Needs ExtendedStatus On.",
    ],
  ),
  ...cacheMetrics,
  serverMetric(
    "counter",
    "Seconds since the restart.",
    ["uptime_seconds_total", fieldsOf("uptime_seconds_total")],
    false,
  ),
  serverMetric("gauge", "When httpd was last restarted, as Unix time.", false, [
    "start_time_seconds",
    single(startTime),
  ]),
  serverMetric(
    "gauge",
    "The version as a number: 2.4.66 is 2.04066.",
    ["version", value(({ serverVersion }) => versionNumber(serverVersion))],
    false,
  ),
  serverMetric(
    "gauge",
    "Slots that are busy and idle.",
    ["workers", ofStatus(emitWorkers)],
    [
      "workers",
      ofStatus((status, emit) => {
        emitWorkers(status, emit);
        emit(status.gracefulWorkers, states.graceful);
      }),
      "Slots that are busy, idle, or finish a request before they end.",
    ],
  ),
  serverMetric(
    "gauge",
    "Slots that finish a request before they end.",
    ["workers_graceful", fieldsOf("workers_graceful")],
    false,
  ),
];

function emitWorkers(status: ServerStatus, emit: Emit): void {
  emit(status.asyncBusyWorkers ?? status.busyWorkers, states.busy);
  emit(status.asyncIdleWorkers ?? status.idleWorkers, states.idle);
}

function kilobytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1_024;
}

function percentRatio(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : percent / 100;
}

type WorkerValue = readonly [value: number, labels: readonly (readonly [string, string])[]];

/** Emits a value of each worker of each balancer. Of workers with the same names, the first one. */
function eachWorker(read: (worker: ProxyWorker) => WorkerValue | undefined) {
  return ofStatus(({ proxyBalancers }, emit) => {
    const written = new Set<string>();
    let left = MAX_WORKERS;
    for (const { name: balancer = "", workers } of proxyBalancers) {
      for (const worker of workers) {
        if (left-- === 0) return;
        const found = read(worker);
        if (found === undefined) continue;
        const labels = new LabelSet([
          ["balancer", balancer],
          ...found[1],
          ["worker", worker.name ?? ""],
        ]);
        if (written.has(labels.text)) continue;
        written.add(labels.text);
        emit(found[0], labels);
      }
    }
  });
}

function workerValues(read: (worker: ProxyWorker) => number | undefined) {
  return eachWorker((worker) => {
    const found = read(worker);
    return found === undefined ? undefined : [found, []];
  });
}

const scoreboardSets = scoreboardStates.map(
  ({ metricState, property }) => [property, stateSet(metricState)] as const,
);

/** Letters without a name are their own state. */
function emitScoreboard({ scoreboard }: ServerStatus, emit: Emit): void {
  if (scoreboard === undefined) return;
  for (const [property, labels] of scoreboardSets) emit(scoreboard[property], labels);
  if (scoreboard.other === 0) return;
  const counts = new Map<string, number>();
  for (const letter of scoreboard.letters) {
    if (scoreboardState(letter) === undefined) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  for (const [letter, count] of counts) emit(count, stateSet(letter));
}
