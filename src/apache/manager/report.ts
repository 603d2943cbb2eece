import type { ServerStatus } from "../page/server-status.js";
import { type MemoryUsage, statisticsOf } from "../processes/memory-usage.js";
import { serverMetrics, sortedGroups } from "./metrics-file.js";
import { formatSize, pluralize } from "./quantities.js";

/** What the report shows. */
export interface ReportData {
  readonly status: ServerStatus;
  /** Without it, the report says nothing about memory. */
  readonly memory: MemoryUsage | undefined;
}

/**
 * Returns the lines of apache-manager's report. Lines that end in a colon are headings, which the
 * caller may colour. A metric that the page lacks is 0, or 0.0 where it is a float.
 */
export function reportLines({ status, memory }: ReportData): string[] {
  const groups = memory === undefined ? [] : sortedGroups(memory);
  const main = groups.length === 0 ? "Apache workers" : "main Apache workers";
  return [
    "Server metrics:",
    ...serverMetrics.map(
      ([name, property, , format]) => ` - ${labelOf(name)}: ${format(status[property] ?? 0)}`,
    ),
    ...(memory === undefined ? [] : memoryLines(main, memory.native)),
    ...groups.flatMap(([name, used]) =>
      memoryLines(`WSGI process group '${printable(name)}'`, used),
    ),
  ];
}

/** `Busy workers` for `busy-workers`. */
function labelOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
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

/** Replaces control characters: a title can contain any, and this goes to a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
