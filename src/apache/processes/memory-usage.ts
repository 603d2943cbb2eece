import { wsgiGroup } from "./apache-servers.js";
import type { ProcessInfo } from "./process-table.js";

/** Bytes of memory in use by each process. */
export interface MemoryUsage {
  /** Every child of httpd that has no process group: its workers, and daemons without a title. */
  readonly native: readonly number[];
  /** By the process group of mod_wsgi. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

/**
 * The memory that the children of an httpd use.
 *
 * @param measure what is counted: `rss` by default, or what a process table offers of it
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
  /** The mean of the two in the middle where the count is even. */
  readonly median: number;
}

/** `undefined` for no numbers. */
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
