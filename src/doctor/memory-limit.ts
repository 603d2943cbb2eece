/** A request that PHP has ended, because it needed more than `memory_limit`. */
export interface MemoryLimitEvent {
  /** In Unix milliseconds. */
  readonly at: number;
  /** `memory_limit`, in bytes. */
  readonly limit: number;
  /** The file and line that asked for more. */
  readonly source: string;
}

/** PHP's message, which a log of php-fpm's, of PHP's or of a web server's has within a line. */
const EXHAUSTED =
  /Allowed memory size of (\d+) bytes exhausted \([^)]*\) in (\/.*?)(?: on line |:)(\d+)/g;

/** The events that a line of a log tells. */
export function memoryLimitsIn(line: string, at: number): MemoryLimitEvent[] {
  return Array.from(line.matchAll(EXHAUSTED), ([, limit, file, number]) => ({
    at,
    limit: Number(limit),
    source: `${file}:${number}`,
  }));
}
