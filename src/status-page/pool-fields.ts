import { parseCount, parseStartTime } from "./page-values.js";
import type { OtherField } from "./pool-status.js";
import { PoolRecord } from "./status-records.js";

/** The counters of a pool by their keys on the text and JSON pages. XML has `-` for the blanks. */
const counters = {
  "start since": "startSince",
  "accepted conn": "acceptedConn",
  "listen queue": "listenQueue",
  "max listen queue": "maxListenQueue",
  "listen queue len": "listenQueueLen",
  "idle processes": "idleProcesses",
  "active processes": "activeProcesses",
  "total processes": "totalProcesses",
  "max active processes": "maxActiveProcesses",
  "max children reached": "maxChildrenReached",
  "slow requests": "slowRequests",
  "memory peak": "memoryPeak",
} as const;

const counterNames = new Map(Object.entries(counters));

/**
 * A pool from the keys and values of any page, in any order: PHP 5.3 has another one. A key that
 * is not known, came before, or has a value that is none, is kept among the others.
 */
export function poolOf(fields: Iterable<OtherField>): PoolRecord {
  const pool = new PoolRecord();
  const other: OtherField[] = [];
  for (const field of fields) {
    if (!setField(pool, field)) other.push(field);
  }
  if (other.length > 0) pool.other = other;
  return pool;
}

function setField(pool: PoolRecord, [key, value]: OtherField): boolean {
  switch (key) {
    case "pool":
      if (pool.pool !== undefined) return false;
      pool.pool = value;
      return true;
    case "process manager":
      if (pool.processManager !== undefined) return false;
      pool.processManager = value;
      return true;
    case "start time": {
      const seconds = parseStartTime(value);
      if (Number.isNaN(seconds) || pool.startTime !== undefined) return false;
      pool.startTime = new Date(seconds * 1000);
      return true;
    }
  }
  const name = counterNames.get(key);
  const count = parseCount(value);
  if (name === undefined || count === undefined || pool[name] !== undefined) return false;
  pool[name] = count;
  return true;
}
