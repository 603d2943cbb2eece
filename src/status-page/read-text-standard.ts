import {
  type Engine,
  LINE_KEYS,
  LINE_VALUES,
  LineKey,
  LineKind,
  LineValue,
  RESULT,
  ROW_WORDS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import { readText } from "./page-values.js";
import type { PoolStatus } from "./pool-status.js";
import { BLOCK_LINES, ProcessTable } from "./process-table.js";
import { countWarnings } from "./processes.js";
import { PoolRecord } from "./status-records.js";

const KEYS = LINE_KEYS >> 2;
const VALUES = LINE_VALUES >> 2;
const CONSUMED = (RESULT >> 2) + TableResult.Consumed;

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
  const lines = new Lines(page, engine);
  const pool = readPool(lines, engine);
  if (pool === undefined || lines.isAtEnd) return pool;
  const isBorrowed = page.buffer === engine.memory.buffer;
  const table = new ProcessTable(isBorrowed ? page.slice() : page);
  do {
    const blocks = Math.floor(lines.left / BLOCK_LINES);
    if (!table.add(engine, lines.next, blocks, lines.base)) return undefined;
    lines.next += blocks * BLOCK_LINES;
    if (lines.isAtEnd) {
      if (table.created > (pool.totalProcesses ?? 0)) return undefined;
      pool.processes = table.processes;
      pool.warnings = countWarnings(pool);
      return pool;
    }
  } while (lines.advance());
  return undefined;
}

function readPool(lines: Lines, { memory, words, numbers }: Engine): PoolRecord | undefined {
  if (lines.left < POOL_LINES) return undefined;
  const hash = (line: number) => words[KEYS + line * ROW_WORDS + LineKey.Hash];
  const kind = (line: number) => words[KEYS + line * ROW_WORDS + LineKey.Kind];
  const valueStart = (line: number) => words[VALUES + line * ROW_WORDS + LineValue.Start]!;
  const valueEnd = (line: number) => words[VALUES + line * ROW_WORDS + LineValue.End]!;
  const number = (line: number) => numbers[(VALUES + line * ROW_WORDS + LineValue.Number) >> 1]!;
  // A counter that fell below zero means none.
  const count = (line: number) => Math.max(0, number(line));

  for (let line = 0; line < POOL_LINES; line++) {
    if (hash(line) !== poolHashes[line]) return undefined;
    if (line > 2 && kind(line) !== LineKind.Number) return undefined;
  }
  if (kind(2) !== LineKind.Date) return undefined;
  const pool = new PoolRecord();
  pool.pool = readText(memory, valueStart(0), valueEnd(0));
  pool.processManager = readText(memory, valueStart(1), valueEnd(1));
  pool.startTime = new Date(number(2) * 1000);
  pool.startSince = count(3);
  pool.acceptedConn = count(4);
  pool.listenQueue = count(5);
  pool.maxListenQueue = count(6);
  pool.listenQueueLen = count(7);
  pool.idleProcesses = count(8);
  pool.activeProcesses = count(9);
  pool.totalProcesses = count(10);
  pool.maxActiveProcesses = count(11);
  pool.maxChildrenReached = count(12);
  pool.slowRequests = count(13);
  lines.next = POOL_LINES;
  if (lines.left > 0 && hash(POOL_LINES) === memoryPeakHash) {
    if (kind(POOL_LINES) !== LineKind.Number) return undefined;
    pool.memoryPeak = count(POOL_LINES);
    lines.next++;
  }
  return pool;
}

/** The lines of a page in the engine's table, as many at a time as its window holds. */
class Lines {
  /** The next line to read, counted from the first in the table. */
  next = 0;
  /** What to add to an engine address to get an offset in the page. */
  base = 0;
  readonly #page: Uint8Array;
  readonly #engine: Engine;
  #count = 0;
  /** The part of the page that they cover. */
  #start = 0;
  #end = 0;

  constructor(page: Uint8Array, engine: Engine) {
    const { memory } = engine;
    const address = page.byteOffset - memory.byteOffset;
    const isBorrowed = page.buffer === memory.buffer;
    const isInWindow = address >= WINDOW && address + page.length <= WINDOW + WINDOW_SIZE;
    this.#page = isBorrowed && !isInWindow ? page.slice() : page;
    this.#engine = engine;
    this.#split(0, isBorrowed && isInWindow ? address : WINDOW);
  }

  /** Lines that are not read. */
  get left(): number {
    return this.#count - this.next;
  }

  /** Whether every line of the page has been read. */
  get isAtEnd(): boolean {
    return this.next === this.#count && this.#end === this.#page.length;
  }

  /**
   * Goes on behind the last line read.
   *
   * @returns whether there was more to see than before
   */
  advance(): boolean {
    const next =
      this.left === 0
        ? this.#end
        : this.#engine.words[KEYS + this.next * ROW_WORDS + LineKey.Start]! + this.base;
    if (next === this.#start || this.#end === this.#page.length) return false;
    this.#split(next, WINDOW);
    return true;
  }

  #split(start: number, address: number): void {
    const page = this.#page;
    const { memory, words } = this.#engine;
    const end = Math.min(page.length, start + WINDOW_SIZE);
    if (page.byteOffset - memory.byteOffset !== address || page.buffer !== memory.buffer) {
      memory.set(start === 0 && end === page.length ? page : page.subarray(start, end), address);
    }
    this.#count = this.#engine.splitLines(address, end - start, 0);
    this.#start = start;
    this.#end = start + words[CONSUMED]!;
    this.base = start - address;
    this.next = 0;
  }
}
