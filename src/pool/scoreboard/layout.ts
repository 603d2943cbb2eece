/**
 * The scoreboard is a file without a name that the master and its workers have open: each worker
 * writes what it does with one `pwrite`, 1.2 to 1.6 µs, and anybody reads it with one `pread` and
 * asks nobody. A message to the master would take twenty times that on both sides, and would not
 * leave a worker whose event loop is blocked.
 *
 * First what the master knows of the pool, then a record for every place: numbers, the texts of its
 * last request, and the count of slow ones.
 */
export const HEADER_OFFSET = 0;
export const HEADER_SIZE = 4_096;
export const MAX_SLOTS = 32_768;
export const SLOT_SIZE = 1_024;
/** Where a slot's texts are in its record: behind the numbers. */
export const TEXTS_OFFSET = 64;

/** Indexes into a slot's record, as 32-bit words. */
export const Word = {
  /** Counts up with every write, and is repeated behind the numbers: a reader finds a torn record. */
  Sequence: 0,
  Pid: 1,
  State: 2,
  Requests: 3,
  /** Per cent of a processor that the last request took, times 100. */
  Cpu: 10,
  /** The most places of the pool that this worker has seen active at once. */
  MaxActive: 11,
  SequenceAgain: 14,
  /** Requests that the watch on this worker has found slow; written by it alone. */
  Slow: 255,
} as const;

/** Indexes into a slot's record, as 64-bit floats. Times are milliseconds since 1970. */
export const Float = { StartTime: 2, Began: 3, Duration: 4, Memory: 6 } as const;

/** What a place does. */
export const SlotState = { Free: 0, Idle: 1, Reading: 2, Running: 3 } as const;
export type SlotState = (typeof SlotState)[keyof typeof SlotState];

/** The same in PHP-FPM's words. */
export const stateNames: readonly string[] = ["", "Idle", "Reading headers", "Running"];

/** Where the record of a slot is in the file. */
export function recordAt(slot: number): number {
  return HEADER_OFFSET + HEADER_SIZE + slot * SLOT_SIZE;
}

/** Now, finer than a millisecond, in milliseconds since 1970. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
