import { writeAtomically } from "../../transport/write-atomically.js";
import type { ServerStatus } from "../page/server-status.js";
import { type MemoryUsage, statisticsOf } from "../processes/memory-usage.js";
import {
  fixedDecimals,
  pythonFloat,
  pythonInteger,
  pythonJson,
  pythonText,
} from "./python-format.js";
import { formatSize, formatTimespan } from "./quantities.js";

/** What the metrics file contains. */
export interface MetricsData {
  /** The status; without it, the file has no metrics of the server. */
  readonly status: ServerStatus | undefined;
  /** Whether the last request for a page succeeded; `undefined` before the first. */
  readonly responded: boolean | undefined;
  readonly workersHanging: number;
  readonly workersKilledActive: number;
  readonly workersKilledIdle: number;
  /** Only apache-manager 2 writes them. */
  readonly workerCounts?: { readonly foreign: number; readonly native: number } | undefined;
  /** The memory of each process, in bytes. Without it, the file has no metrics of memory. */
  readonly memory: MemoryUsage | undefined;
}

/** The nine metrics of the server: apache-manager's name, the property, and its two forms. */
export const serverMetrics = [
  ["busy-workers", "busyWorkers", pythonInteger, pythonInteger],
  ["bytes-per-request", "bytesPerRequest", pythonFloat, (bytes) => formatSize(bytes, true)],
  ["bytes-per-second", "bytesPerSecond", pythonFloat, (bytes) => formatSize(bytes, true)],
  ["cpu-load", "cpuLoad", pythonFloat, (percent) => `${fixedDecimals(percent, 1)}%`],
  ["idle-workers", "idleWorkers", pythonInteger, pythonInteger],
  ["requests-per-second", "requestsPerSecond", pythonFloat, pythonFloat],
  ["total-accesses", "totalAccesses", pythonInteger, pythonInteger],
  ["total-traffic", "totalTraffic", pythonInteger, formatSize],
  ["uptime", "uptime", pythonInteger, formatTimespan],
] as const satisfies readonly (readonly [
  name: string,
  property: keyof ServerStatus,
  inFile: (value: number) => string,
  inReport: (value: number) => string,
])[];

/**
 * apache-manager's metrics file: comments, and lines of names and values with tabs between them.
 * A metric that the page lacks is 0, and 0.0 where it is a float.
 */
export function formatMetrics(data: MetricsData): string {
  const { status } = data;
  const counts = data.workerCounts;
  return [
    "# Global Apache server metrics.",
    ...(status === undefined ? [] : serverMetricLines(status)),
    "",
    "# Metrics internal to apache-manager.",
    ...(counts === undefined
      ? []
      : [`foreign-worker-count\t${counts.foreign}`, `native-worker-count\t${counts.native}`]),
    `status-response\t${data.responded === undefined ? "None" : data.responded ? 0 : 1}`,
    `workers-hanging\t${data.workersHanging}`,
    `workers-killed-active\t${data.workersKilledActive}`,
    `workers-killed-idle\t${data.workersKilledIdle}`,
    "",
    ...(data.memory === undefined ? [] : memoryParagraphs(data.memory)),
  ].join("\n");
}

/**
 * Writes the metrics file, which is replaced as a whole.
 *
 * @throws a system error, or an Error if the path is a folder, a pipe or the like
 */
export function writeMetricsFile(path: string, data: MetricsData): Promise<void> {
  return writeAtomically(path, formatMetrics(data));
}

function serverMetricLines(status: ServerStatus): string[] {
  return serverMetrics.map(([name, field, format]) => `${name}\t${format(status[field] ?? 0)}`);
}

/** The groups in the order of their names' code points, as Python sorts. */
export function sortedGroups({ groups }: MemoryUsage): [name: string, memory: readonly number[]][] {
  return [...groups].sort(([one], [other]) => compareCodePoints(one, other));
}

function compareCodePoints(one: string, other: string): number {
  const [ones, others] = [[...one], [...other]];
  const at = ones.findIndex((character, index) => character !== others[index]);
  if (at < 0) return ones.length - others.length;
  return (ones[at]?.codePointAt(0) ?? -1) - (others[at]?.codePointAt(0) ?? -1);
}

function memoryParagraphs(memory: MemoryUsage): string[] {
  return [
    "# Memory usage of native Apache worker processes.",
    ...memoryLines("native", memory.native),
    ...sortedGroups(memory).flatMap(([name, used]) => [
      "",
      `# Memory usage of ${pythonText(name)} WSGI worker processes.`,
      ...memoryLines(name, used),
    ]),
    "",
  ];
}

function memoryLines(name: string, memory: readonly number[]): string[] {
  const { count, minimum, maximum, average, median } = statisticsOf(memory) ?? {
    count: 0,
    minimum: 0,
    maximum: 0,
    average: 0,
    median: 0,
  };
  // A title can contain a tab or a newline, which would look like another metric.
  const start = `memory-usage\t${name.replace(/\p{Cc}/gu, "?")}\t`;
  return [
    `${start}count\t${count}`,
    `${start}min\t${pythonInteger(minimum)}`,
    `${start}max\t${pythonInteger(maximum)}`,
    `${start}average\t${pythonFloat(average)}`,
    `${start}median\t${count > 0 && count % 2 === 0 ? pythonFloat(median) : pythonInteger(median)}`,
  ];
}

/** The JSON by which Zabbix discovers the names of memory-usage, byte for byte as Python writes it. */
export function zabbixDiscovery(groups: readonly string[]): string {
  const names = ["native", ...sortedNames(groups)];
  const entries = names.map((name) => `{"{#NAME}": ${pythonJson(name)}}`);
  return `{"data": [${entries.join(", ")}]}`;
}

function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort(compareCodePoints);
}
