/**
 * The scoreboard is a file without a name that the master and its workers have open. Each worker
 * writes its state with one `pwrite`, 1.2 to 1.6 µs, and any process of the pool reads it with one
 * `pread`. A message to the master would take twenty times that on both sides, and would not leave a
 * worker whose event loop is blocked.
 *
 * The master's record of the pool comes first, then a record for every place: numbers, the texts of
 * its last request, and the count of slow ones.
 */
export const HEADER_OFFSET = 0;
export const HEADER_SIZE = 4_096;
export const MAX_SLOTS = 32_768;
export const SLOT_SIZE = 1_024;
/** The offset of a slot's texts in its record: after the numbers. */
export const TEXTS_OFFSET = 64;

/** Indexes into a slot's record, as 32-bit words. */
export const Word = {
  /** Counts the writes, and is repeated after the numbers: a reader detects a half written record. */
  Sequence: 0,
  Pid: 1,
  State: 2,
  Requests: 3,
  /** Percent of one CPU that the last request took, times 100. */
  Cpu: 10,
  /** The most places of the pool that this worker has found active at once. */
  MaxActive: 11,
  SequenceAgain: 14,
  /** Slow requests. Only the thread that watches the worker writes it. */
  Slow: 255,
} as const;

/** Indexes into a slot's record, as 64-bit floats. Times are milliseconds since 1970. */
export const Float = { StartTime: 2, Began: 3, Duration: 4, Memory: 6 } as const;

/** The states of a place. */
export const SlotState = { Free: 0, Idle: 1, Reading: 2, Running: 3 } as const;
export type SlotState = (typeof SlotState)[keyof typeof SlotState];

/** The same states in PHP-FPM's words. */
export const stateNames: readonly string[] = ["", "Idle", "Reading headers", "Running"];

/** The offset of a slot's record in the file. */
export function recordAt(slot: number): number {
  return HEADER_OFFSET + HEADER_SIZE + slot * SLOT_SIZE;
}

/** The current time in milliseconds since 1970, with fractions. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
