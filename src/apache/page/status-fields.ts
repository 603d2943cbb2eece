import { hashKey } from "../../engine/hash-key.js";
import type { StatusSections } from "./module-lines.js";
import type { Scoreboard } from "./scoreboard.js";
import type { ServerStatus } from "./server-status.js";

/** How a value is read. httpd prints a load of -1.00 where the system has none. */
type FieldKind = "text" | "number" | "kilobytes" | "load" | "scoreboard";

/**
 * A line of `/server-status?auto`: its key, its property in {@link ServerStatus}, how it is read,
 * and its drop-in metric with the labels.
 */
type FieldRow = readonly [
  key: string,
  property: keyof ServerStatus,
  kind: FieldKind,
  metric?: string,
  labels?: Readonly<Record<string, string>>,
];

/** Every known line outside the sections of modules, in the order of the page. */
const rows = [
  ["ServerVersion", "serverVersion", "text"],
  ["ServerMPM", "serverMpm", "text"],
  ["Server Built", "serverBuilt", "text"],
  ["CurrentTime", "currentTime", "text"],
  ["RestartTime", "restartTime", "text"],
  ["ParentServerConfigGeneration", "configGeneration", "number", "generation", { type: "config" }],
  ["ParentServerMPMGeneration", "mpmGeneration", "number", "generation", { type: "mpm" }],
  ["ServerUptimeSeconds", "uptime", "number"],
  ["ServerUptime", "uptimeText", "text"],
  ["Load1", "load1", "load", "load", { interval: "1min" }],
  ["Load5", "load5", "load", "load", { interval: "5min" }],
  ["Load15", "load15", "load", "load", { interval: "15min" }],
  ["Total Accesses", "totalAccesses", "number", "accesses_total"],
  ["Total kBytes", "totalTraffic", "kilobytes", "sent_kilobytes_total"],
  ["Total Duration", "totalDuration", "number", "duration_ms_total"],
  ["CPUUser", "cpuUser", "number", "cpu_time_ms_total", { type: "user" }],
  ["CPUSystem", "cpuSystem", "number", "cpu_time_ms_total", { type: "system" }],
  ["CPUChildrenUser", "cpuChildrenUser", "number", "cpu_time_ms_total", { type: "user" }],
  ["CPUChildrenSystem", "cpuChildrenSystem", "number", "cpu_time_ms_total", { type: "system" }],
  ["CPULoad", "cpuLoad", "number"],
  ["Uptime", "uptime", "number", "uptime_seconds_total"],
  ["ReqPerSec", "requestsPerSecond", "number"],
  ["BytesPerSec", "bytesPerSecond", "number"],
  ["BytesPerReq", "bytesPerRequest", "number"],
  ["DurationPerReq", "durationPerRequest", "number"],
  ["BusyWorkers", "busyWorkers", "number"],
  ["GracefulWorkers", "gracefulWorkers", "number", "workers_graceful"],
  ["IdleWorkers", "idleWorkers", "number"],
  ["Processes", "processes", "number", "processes", { state: "all" }],
  ["Stopping", "stopping", "number", "processes", { state: "stopping" }],
  ["ConnsTotal", "connections", "number", "connections", { state: "total" }],
  ["ConnsAsyncWaitIO", "connectionsWaitIo", "number", "connections_wait_io"],
  ["ConnsAsyncWriting", "connectionsWriting", "number", "connections", { state: "writing" }],
  ["ConnsAsyncKeepAlive", "connectionsKeepAlive", "number", "connections", { state: "keepalive" }],
  ["ConnsAsyncClosing", "connectionsClosing", "number", "connections", { state: "closing" }],
  ["Scoreboard", "scoreboard", "scoreboard"],
] as const satisfies readonly FieldRow[];

type FieldProperty = (typeof rows)[number][1];

export interface StatusField {
  readonly key: string;
  readonly hash: number;
  readonly property: FieldProperty;
  readonly kind: FieldKind;
  /** The name of its metric without `apache_`; `undefined` where there is none. */
  readonly metric: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Its index in {@link statusFields}. */
  readonly index: number;
  /** The index of its value among those of a page. Keys of the same property share it. */
  readonly slot: number;
}

export const statusFields: readonly StatusField[] = (rows as readonly FieldRow[]).map(
  ([key, property, kind, metric, labels = {}], index) => ({
    key,
    hash: hashKey(key),
    property: property as FieldProperty,
    kind,
    metric,
    labels,
    index,
    slot: rows.findIndex((row) => row[1] === property),
  }),
);

const byHash = new Map(statusFields.map((field) => [field.hash, field]));
const byFoldedKey = new Map(statusFields.map((field) => [foldKey(field.key), field]));

/** The field whose key has this hash. One in 100 million unknown keys has the hash of a known one. */
export function fieldByHash(hash: number): StatusField | undefined {
  return byHash.get(hash);
}

/** The field of a key. Case does not matter, nor does the number of blanks between words. */
export function fieldByKey(key: string): StatusField | undefined {
  return key.length > 64 ? undefined : byFoldedKey.get(foldKey(key));
}

function foldKey(key: string): string {
  return key.trim().replace(/\s+/g, " ").toLowerCase();
}

const at = Object.fromEntries(statusFields.map(({ property, slot }) => [property, slot])) as Record<
  FieldProperty,
  number
>;

type Values<Value> = readonly (Value | undefined)[];

/**
 * Builds the status from the values of a page, which are indexed by slot. This literal takes half
 * the time of assigning properties by name (0.4 instead of 0.9 µs of a page's 3.7).
 */
export function statusOf(
  numbers: Values<number>,
  texts: Values<string>,
  scoreboard: Scoreboard | undefined,
  sections: StatusSections,
): ServerStatus {
  return {
    serverName: sections.serverName,
    serverVersion: texts[at.serverVersion],
    serverMpm: texts[at.serverMpm],
    serverBuilt: texts[at.serverBuilt],
    currentTime: texts[at.currentTime],
    restartTime: texts[at.restartTime],
    configGeneration: numbers[at.configGeneration],
    mpmGeneration: numbers[at.mpmGeneration],
    uptime: numbers[at.uptime],
    uptimeText: texts[at.uptimeText],
    load1: numbers[at.load1],
    load5: numbers[at.load5],
    load15: numbers[at.load15],
    totalAccesses: numbers[at.totalAccesses],
    totalTraffic: numbers[at.totalTraffic],
    totalDuration: numbers[at.totalDuration],
    cpuUser: numbers[at.cpuUser],
    cpuSystem: numbers[at.cpuSystem],
    cpuChildrenUser: numbers[at.cpuChildrenUser],
    cpuChildrenSystem: numbers[at.cpuChildrenSystem],
    cpuLoad: numbers[at.cpuLoad],
    requestsPerSecond: numbers[at.requestsPerSecond],
    bytesPerSecond: numbers[at.bytesPerSecond],
    bytesPerRequest: numbers[at.bytesPerRequest],
    durationPerRequest: numbers[at.durationPerRequest],
    busyWorkers: numbers[at.busyWorkers],
    gracefulWorkers: numbers[at.gracefulWorkers],
    idleWorkers: numbers[at.idleWorkers],
    asyncBusyWorkers: sections.asyncBusyWorkers,
    asyncIdleWorkers: sections.asyncIdleWorkers,
    processes: numbers[at.processes],
    stopping: numbers[at.stopping],
    connections: numbers[at.connections],
    connectionsWaitIo: numbers[at.connectionsWaitIo],
    connectionsWriting: numbers[at.connectionsWriting],
    connectionsKeepAlive: numbers[at.connectionsKeepAlive],
    connectionsClosing: numbers[at.connectionsClosing],
    scoreboard,
    proxyBalancers: sections.proxyBalancers,
    tlsSessionCache: sections.tlsSessionCache,
    socache: sections.socache,
    managed: sections.managed,
    other: sections.other,
    warnings: sections.warnings,
  };
}
