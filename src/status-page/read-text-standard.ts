import type { Engine } from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import { LineReader } from "../engine/line-reader.js";
import { LineKind } from "../engine/memory.js";
import { readText } from "./page-values.js";
import type { PoolStatus } from "./pool-status.js";
import { BLOCK_LINES, ProcessTable } from "./process-table.js";
import { countWarnings } from "./processes.js";
import { PoolRecord } from "./status-records.js";

/** The lines of a pool, in the order that PHP-FPM has written since 5.4. */
const poolHashes = Int32Array.from(
  [
    "pool",
    "process manager",
    "start time",
    "start since",
    "accepted conn",
    "listen queue",
    "max listen queue",
    "listen queue len",
    "idle processes",
    "active processes",
    "total processes",
    "max active processes",
    "max children reached",
    "slow requests",
  ],
  hashKey,
);
const POOL_LINES = poolHashes.length;
const memoryPeakHash = hashKey("memory peak");

/**
 * Reads a text page that is written exactly as PHP-FPM writes it: every line where it belongs, and
 * no more processes than its total. A newline in the text of a request moves the lines behind it,
 * or adds a process, so such a page is not one.
 *
 * @returns `undefined` for any other page
 */
export function readStandardPage(page: Uint8Array, engine: Engine): PoolStatus | undefined {
  const lines = new LineReader(page, engine);
  const pool = readPool(lines);
  if (pool === undefined || lines.isAtEnd) return pool;
  const isBorrowed = page.buffer === engine.memory.buffer;
  const table = new ProcessTable(isBorrowed ? page.slice() : page);
  do {
    const blocks = Math.floor((lines.rows - lines.row) / BLOCK_LINES);
    if (!table.add(engine, lines.row, blocks, lines.base)) return undefined;
    lines.row += blocks * BLOCK_LINES;
    if (lines.isAtEnd) {
      if (table.created > (pool.totalProcesses ?? 0)) return undefined;
      pool.processes = table.processes;
      pool.warnings = countWarnings(pool);
      return pool;
    }
  } while (lines.splitFromNext());
  return undefined;
}

function readPool(lines: LineReader): PoolRecord | undefined {
  const numbers: number[] = [];
  const texts: string[] = [];
  for (let line = 0; line < POOL_LINES; line++) {
    if (!lines.next() || lines.keyHash !== poolHashes[line]) return undefined;
    const kind = line < 2 ? lines.kind : line === 2 ? LineKind.Date : LineKind.Number;
    if (lines.kind !== kind) return undefined;
    if (line < 2) texts.push(readText(lines.page, lines.valueStart, lines.end));
    // A counter that fell below zero means none.
    else numbers.push(Math.max(0, lines.number));
  }
  const pool = new PoolRecord();
  pool.pool = texts[0];
  pool.processManager = texts[1];
  pool.startTime = new Date(numbers[0]! * 1000);
  pool.startSince = numbers[1];
  pool.acceptedConn = numbers[2];
  pool.listenQueue = numbers[3];
  pool.maxListenQueue = numbers[4];
  pool.listenQueueLen = numbers[5];
  pool.idleProcesses = numbers[6];
  pool.activeProcesses = numbers[7];
  pool.totalProcesses = numbers[8];
  pool.maxActiveProcesses = numbers[9];
  pool.maxChildrenReached = numbers[10];
  pool.slowRequests = numbers[11];
  if (!lines.next()) return pool;
  if (lines.keyHash !== memoryPeakHash) {
    lines.row--;
    return pool;
  }
  if (lines.kind !== LineKind.Number) return undefined;
  pool.memoryPeak = Math.max(0, lines.number);
  return pool;
}
