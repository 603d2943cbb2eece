import type { ServerStatus } from "../page/server-status.js";
import { type MemoryUsage, statisticsOf } from "../processes/memory-usage.js";
import { sortedGroups } from "./metrics-file.js";
import { fixedDecimals, pythonFloat, pythonInteger } from "./python-format.js";
import { formatSize, formatTimespan, pluralize } from "./quantities.js";

/** What the report for people tells. */
export interface ReportData {
  readonly status: ServerStatus;
  readonly memory: MemoryUsage;
}

/**
 * apache-manager's report for people, a line an element. Headings are those lines that end in a
 * colon: colour is the caller's. A metric that the page lacks is 0, and
 * 0.0 where it is a float.
 */
export function reportLines({ status, memory }: ReportData): string[] {
  const groups = sortedGroups(memory);
  const main = groups.length === 0 ? "Apache workers" : "main Apache workers";
  return [
    "Server metrics:",
    ` - Busy workers: ${pythonInteger(status.busyWorkers ?? 0)}`,
    ` - Bytes per request: ${formatSize(status.bytesPerRequest ?? 0, true)}`,
    ` - Bytes per second: ${formatSize(status.bytesPerSecond ?? 0, true)}`,
    ` - Cpu load: ${fixedDecimals(status.cpuLoad ?? 0, 1)}%`,
    ` - Idle workers: ${pythonInteger(status.idleWorkers ?? 0)}`,
    ` - Requests per second: ${pythonFloat(status.requestsPerSecond ?? 0)}`,
    ` - Total accesses: ${pythonInteger(status.totalAccesses ?? 0)}`,
    ` - Total traffic: ${formatSize(status.totalTraffic ?? 0)}`,
    ` - Uptime: ${formatTimespan(status.uptime ?? 0)}`,
    ...memoryLines(main, memory.native),
    ...groups.flatMap(([name, used]) =>
      memoryLines(`WSGI process group '${printable(name)}'`, used),
    ),
  ];
}

function memoryLines(label: string, memory: readonly number[]): string[] {
  const statistics = statisticsOf(memory);
  const heading = `Memory usage of ${label} (${pluralize(memory.length, "worker")}):`;
  if (statistics === undefined) return ["", heading];
  return [
    "",
    heading,
    ` - Minimum: ${formatSize(statistics.minimum)}`,
    ` - Average: ${formatSize(statistics.average, true)}`,
    ` - Maximum: ${formatSize(statistics.maximum)}`,
  ];
}

/** A title may hold anything, and this goes to a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
