import { wsgiGroup } from "./apache-servers.js";
import type { ProcessInfo } from "./process-table.js";

/** Bytes of memory in use by each process. */
export interface MemoryUsage {
  /** The children of httpd without a process group: its workers, and daemons without a title. */
  readonly native: readonly number[];
  /** The daemons of mod_wsgi, by process group. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

/**
 * The memory that the children of an httpd use.
 *
 * @param measure the bytes of a process, or `undefined` to leave it out; default: its `rss`
 */
export function memoryUsageOf(
  children: readonly ProcessInfo[],
  measure: (process: ProcessInfo) => number | undefined = ({ rss }) => rss,
): MemoryUsage {
  const native: number[] = [];
  const groups = new Map<string, number[]>();
  for (const child of children) {
    const bytes = measure(child);
    if (bytes === undefined) continue;
    const name = wsgiGroup(child);
    if (name === undefined) {
      native.push(bytes);
      continue;
    }
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [bytes]);
    else group.push(bytes);
  }
  return { native, groups };
}

/** Statistics of some numbers, in the unit of the numbers. */
export interface Statistics {
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
  /** The mean of the two middle numbers if the count is even. */
  readonly median: number;
}

/** Statistics of the numbers; `undefined` if there are none. */
export function statisticsOf(numbers: readonly number[]): Statistics | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const count = sorted.length;
  if (count === 0) return undefined;
  const middle = count >> 1;
  const upper = sorted[middle]!;
  return {
    count,
    minimum: sorted[0]!,
    maximum: sorted[count - 1]!,
    average: sorted.reduce((sum, number) => sum + number, 0) / count,
    median: count % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2,
  };
}
