import { type OpcacheFieldName, opcacheFields } from "../../phpfpm/opcache.js";
import { poolFields } from "../../status-page/fields.js";
import type { PoolStatusFields } from "../../status-page/pool-status.js";
import { fieldMetrics } from "./field-metrics.js";
import { LabelSet } from "./labels.js";
import { both, type Metric, single } from "./metric.js";
import type { PoolReading } from "./pool-reading.js";
import { processMetrics } from "./process-metrics.js";

const up = both<PoolReading>({
  name: "phpfpm_up",
  type: "gauge",
  help: "1 if the status of the pool could be read, 0 if not.",
  emit: single(({ status }) => (status === undefined ? 0 : 1)),
});

const failuresHelp = "How often the status of the pool could not be read.";
const failures = single<PoolReading>(({ sample }) => sample.failures);

const idle = new LabelSet([["state", "idle"]]);
const active = new LabelSet([["state", "active"]]);

/** Metrics of a scrape, whether it succeeded or not. */
const scrapeMetrics: readonly Metric<PoolReading>[] = [
  up,
  {
    "drop-in": {
      name: "phpfpm_scrape_failures",
      type: "counter",
      help: failuresHelp,
      emit: failures,
    },
    modern: {
      name: "phpfpm_scrape_failures_total",
      type: "counter",
      help: failuresHelp,
      emit: failures,
      began: ({ sample }) => sample.knownSince,
    },
  },
  both({
    name: "phpfpm_scrape_error",
    type: "gauge",
    help: "1, with the reason why the status of the pool could not be read.",
    emit: ({ sample: { reason } }, emit) => {
      if (reason !== undefined) emit(1, new LabelSet([["reason", reason]]));
    },
  }),
  both({
    name: "phpfpm_scrape_duration_seconds",
    type: "gauge",
    help: "Seconds that it took to read the status of the pool, or to find out that it cannot be read.",
    emit: single(({ sample }) => sample.elapsed / 1_000),
  }),
  both({
    name: "phpfpm_diagnosis",
    type: "gauge",
    help: "1, with what is wrong with the pool.",
    emit: ({ sample: { diagnoses = [] } }, emit) => {
      const kinds = new Set(diagnoses.map(({ problem }) => problem));
      for (const kind of kinds) emit(1, new LabelSet([["kind", kind]]));
    },
  }),
];

/** What the kernel says about the accept queue. The page says it of TCP sockets only. */
const queueMetrics: readonly Metric<PoolReading>[] = [
  {
    "drop-in": {
      name: "phpfpm_accept_queue",
      type: "gauge",
      help: "Connections that wait to be accepted, as the kernel counts them.",
      emit: single(({ sample }) => sample.queue?.waiting),
    },
    modern: {
      name: "phpfpm_listen_queue_connections",
      type: "gauge",
      help: "Connections that wait to be accepted.",
      emit: single(({ sample, status }) => sample.queue?.waiting ?? ofQueue(status, "listenQueue")),
    },
  },
  {
    modern: {
      name: "phpfpm_listen_queue_peak_connections",
      type: "gauge",
      help: "The most connections that have waited at once since the start.",
      emit: single(({ status }) => ofQueue(status, "maxListenQueue")),
    },
  },
  {
    "drop-in": {
      name: "phpfpm_accept_queue_limit",
      type: "gauge",
      help: "Connections that may wait: the lower of listen.backlog and the limit of the system.",
      emit: single(({ sample }) => sample.queue?.limit),
    },
    modern: {
      name: "phpfpm_listen_queue_limit_connections",
      type: "gauge",
      help: "Connections that may wait to be accepted.",
      emit: single(
        ({ sample, status }) => sample.queue?.limit ?? ofQueue(status, "listenQueueLen"),
      ),
    },
  },
  {
    "drop-in": {
      name: "phpfpm_accept_queue_abandoned",
      type: "gauge",
      help: "Waiting connections whose client has closed: the pool will work for nobody.",
      emit: single(({ sample }) => sample.queue?.abandoned),
    },
    modern: {
      name: "phpfpm_listen_queue_abandoned_connections",
      type: "gauge",
      help: "Waiting connections whose client has closed: the pool will work for nobody.",
      emit: single(({ sample }) => sample.queue?.abandoned),
    },
  },
];

/** What the page says about the queue. It is unknown if the page says 0 for its size: on unix sockets. */
function ofQueue(
  status: PoolStatusFields | undefined,
  field: "listenQueue" | "maxListenQueue" | "listenQueueLen",
): number | undefined {
  return status?.listenQueueLen ? status[field] : undefined;
}

const hasSettings = ({ sample }: PoolReading) => sample.target.configuration !== undefined;

const setting = (
  name: string,
  help: string,
  key: "maxChildren" | "startServers" | "minSpareServers" | "maxSpareServers" | "maxRequests",
): Metric<PoolReading> => ({
  ...both<PoolReading>({
    name: `phpfpm_${name}`,
    type: "gauge",
    help,
    emit: single(({ sample }) => sample.target.configuration?.[key]),
  }),
  where: hasSettings,
});

/** The settings of the process manager, where the configuration was read. */
const settingMetrics: readonly Metric<PoolReading>[] = [
  both({
    name: "phpfpm_pm_info",
    type: "info",
    help: "1, with the process manager of the pool: static, dynamic or ondemand.",
    emit: ({ sample, status }, emit) => {
      const pm = status?.processManager ?? sample.target.configuration?.processManager;
      if (pm !== undefined) emit(1, new LabelSet([["pm", pm]]));
    },
  }),
  {
    ...both<PoolReading>({
      name: "phpfpm_status_listen",
      type: "gauge",
      help: "1 if the pool has pm.status_listen; 0 if not: one of the active processes then serves the status.",
      emit: single(({ sample: { target } }) => {
        const { configuration } = target;
        return configuration && (configuration.statusListen === undefined ? 0 : 1);
      }),
    }),
    where: hasSettings,
  },
  setting("max_children", "pm.max_children: the most processes.", "maxChildren"),
  setting("start_servers", "pm.start_servers: processes at the start.", "startServers"),
  setting(
    "min_spare_servers",
    "pm.min_spare_servers: the fewest idle processes.",
    "minSpareServers",
  ),
  setting("max_spare_servers", "pm.max_spare_servers: the most idle processes.", "maxSpareServers"),
  setting(
    "max_requests",
    "pm.max_requests: requests after which a process is replaced; 0 is never.",
    "maxRequests",
  ),
];

const hasOpcache = ({ sample: { target, opcache } }: PoolReading) =>
  target.opcache !== undefined || opcache !== undefined;

/** What the script php/opcache.php says, where it is asked. */
const opcacheMetrics: readonly Metric<PoolReading>[] = [
  both<PoolReading>({
    name: "phpfpm_opcache_up",
    type: "gauge",
    help: "1 if the script for OPcache answered, 0 if not. Only there where a script is configured.",
    emit: single(({ sample: { target, opcache } }) =>
      target.opcache === undefined ? undefined : opcache === undefined ? 0 : 1,
    ),
  }),
  ...Object.entries(opcacheFields).map(([name, { type, help }]) =>
    both<PoolReading>({
      name: `phpfpm_${name}`,
      type,
      help,
      emit: single(({ sample }) => sample.opcache?.[name as OpcacheFieldName]),
      began: ({ sample: { opcache } }) => milliseconds(opcache?.opcache_start_time_seconds),
    }),
  ),
].map((metric) => ({ ...metric, where: hasOpcache }));

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** The metrics of pools. The drop-in names and types are those of php-fpm_exporter. */
export const poolMetrics: readonly Metric<PoolReading>[] = [
  ...scrapeMetrics,
  ...fieldMetrics<keyof typeof poolFields, PoolReading>(
    "phpfpm_",
    poolFields,
    (field, convert) =>
      ({ status, counts }, emit) =>
        emit(convert((counts as PoolStatusFields | undefined)?.[field] ?? status?.[field])),
  ),
  {
    modern: {
      name: "phpfpm_processes",
      type: "gauge",
      help: "Processes of the pool, by whether they have a request.",
      emit: ({ status, counts }, emit) => {
        emit((counts ?? status)?.idleProcesses, idle);
        emit((counts ?? status)?.activeProcesses, active);
      },
    },
  },
  ...queueMetrics,
  ...settingMetrics,
  ...opcacheMetrics,
  ...processMetrics,
];
