import type { Engine } from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import { FIRST_LINE_KEY, LineKey, LineKind, LineValue, ROW_WORDS } from "../engine/memory.js";
import { readText } from "./page-values.js";
import { ProcessState, type ProcessStatus, type ProcessStatusJson } from "./pool-status.js";
import { stateText } from "./process-fields.js";
import { none, processToJson } from "./status-records.js";

/** The lines of a process block, in the order that PHP-FPM has written since 5.4. */
export const BLOCK_LINES = 15;
const blockHashes = Int32Array.from(
  [
    "",
    "************************",
    "pid",
    "state",
    "start time",
    "start since",
    "requests",
    "request duration",
    "request method",
    "request URI",
    "content length",
    "user",
    "script",
    "last request cpu",
    "last request memory",
  ],
  hashKey,
);

/** The row of a field's line in a block, in words from its first. */
const Row = {
  Pid: 2 * ROW_WORDS,
  State: 3 * ROW_WORDS,
  StartTime: 4 * ROW_WORDS,
  StartSince: 5 * ROW_WORDS,
  Requests: 6 * ROW_WORDS,
  RequestDuration: 7 * ROW_WORDS,
  RequestMethod: 8 * ROW_WORDS,
  RequestUri: 9 * ROW_WORDS,
  ContentLength: 10 * ROW_WORDS,
  User: 11 * ROW_WORDS,
  Script: 12 * ROW_WORDS,
  LastRequestCpu: 13 * ROW_WORDS,
  LastRequestMemory: 14 * ROW_WORDS,
} as const;

/** Those that are numbers. */
const numberRows = [
  Row.Pid,
  Row.StartSince,
  Row.Requests,
  Row.RequestDuration,
  Row.ContentLength,
  Row.LastRequestCpu,
  Row.LastRequestMemory,
] as const;

/** Words of a block's rows in either half of the table. */
const BLOCK_WORDS = BLOCK_LINES * ROW_WORDS;

/**
 * The processes of a text page, out of the rows that the engine made of their lines: an object is
 * made for each, but no string before somebody asks for it.
 */
export class ProcessTable {
  /** In the order of the page. */
  readonly processes: ProcessStatus[] = [];
  /** How many of them are there, and not still being created. */
  created = 0;
  readonly #bytes: Uint8Array;
  #second: number | undefined;

  /** @param bytes the page; kept, not copied */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Takes over the lines of whole blocks from the engine's table.
   *
   * @param line the first of them, {@link BLOCK_LINES} for each block
   * @param base what to add to an engine address to get an offset in the page
   * @returns whether they are blocks as PHP-FPM writes them, of the same second as the first (see
   * forgedBlocks)
   */
  add(engine: Engine, line: number, blocks: number, base: number): boolean {
    const first = line * ROW_WORDS;
    const end = first + blocks * BLOCK_WORDS;
    if (!areBlocks(engine.table, FIRST_LINE_KEY + first, FIRST_LINE_KEY + end)) return false;
    for (let block = first; block < end; block += BLOCK_WORDS) {
      const second = secondOf(engine.numbers, block);
      this.#second ??= second;
      if (second !== this.#second) return false;
      if (engine.numbers[(block + Row.Pid + LineValue.Number) >> 1] !== 0) this.created++;
      this.processes.push(new TableProcess(this.#bytes, cellsOf(engine, block, base)));
    }
    return true;
  }
}

/** Line by line through all blocks: block by block takes twice as long. */
function areBlocks(table: Int32Array, first: number, end: number): boolean {
  for (let line = 0; line < BLOCK_LINES; line++) {
    const hash = blockHashes[line];
    const start = first + line * ROW_WORDS + LineKey.Hash;
    for (let at = start; at < end; at += BLOCK_WORDS) if (table[at] !== hash) return false;
  }
  for (const row of numberRows) {
    const start = first + row + LineKey.Kind;
    // LineKind Number or Wrapped; of the latter the engine has made 0.
    for (let at = start; at < end; at += BLOCK_WORDS) {
      if (table[at]! >> 1 !== 1) return false;
    }
  }
  const start = first + Row.StartTime + LineKey.Kind;
  for (let at = start; at < end; at += BLOCK_WORDS) if (table[at] !== LineKind.Date) return false;
  return true;
}

/** The second at which the page was made, by this block. */
function secondOf(numbers: Float64Array, block: number): number {
  const number = block + LineValue.Number;
  const startTime = numbers[(number + Row.StartTime) >> 1]!;
  return startTime + numbers[(number + Row.StartSince) >> 1]!;
}

/** Where a field is among the cells of its process: a number in one, a text's start and end in two. */
const Cell = {
  Pid: 0,
  State: 1,
  StartTime: 3,
  StartSince: 4,
  Requests: 5,
  RequestDuration: 6,
  RequestMethod: 7,
  RequestUri: 9,
  ContentLength: 11,
  User: 12,
  Script: 14,
  LastRequestCpu: 16,
  LastRequestMemory: 17,
} as const;

/**
 * Takes a block's numbers, and where its texts are in the page, out of the engine's table. They go to
 * a plain array: a typed one lies outside of V8's heap, where memory of this size costs as much as
 * reading a third of the page.
 *
 * @param block the first word of the block's values
 * @param base what to add to an engine address to get an offset in the page
 */
function cellsOf({ table, numbers }: Engine, block: number, base: number): number[] {
  const number = block + LineValue.Number;
  const start = block + LineValue.Start;
  const end = block + LineValue.End;
  return [
    numbers[(number + Row.Pid) >> 1]!,
    table[start + Row.State]! + base,
    table[end + Row.State]! + base,
    numbers[(number + Row.StartTime) >> 1]!,
    numbers[(number + Row.StartSince) >> 1]!,
    numbers[(number + Row.Requests) >> 1]!,
    numbers[(number + Row.RequestDuration) >> 1]!,
    table[start + Row.RequestMethod]! + base,
    table[end + Row.RequestMethod]! + base,
    table[start + Row.RequestUri]! + base,
    table[end + Row.RequestUri]! + base,
    numbers[(number + Row.ContentLength) >> 1]!,
    table[start + Row.User]! + base,
    table[end + Row.User]! + base,
    table[start + Row.Script]! + base,
    table[end + Row.Script]! + base,
    numbers[(number + Row.LastRequestCpu) >> 1]!,
    numbers[(number + Row.LastRequestMemory) >> 1]!,
  ];
}

/** A process whose texts stay in the page until they are asked for. */
class TableProcess implements ProcessStatus {
  readonly #page: Uint8Array;
  readonly #cells: readonly number[];

  constructor(page: Uint8Array, cells: readonly number[]) {
    this.#page = page;
    this.#cells = cells;
  }

  get pid(): number {
    return this.#count(Cell.Pid);
  }
  get state(): string {
    return stateText(this.#text(Cell.State));
  }
  get startTime(): Date | undefined {
    const seconds = this.#number(Cell.StartTime);
    return seconds === 0 ? undefined : new Date(seconds * 1000);
  }
  get startSince(): number | undefined {
    return this.#number(Cell.StartTime) === 0 ? undefined : this.#count(Cell.StartSince);
  }
  get requests(): number {
    return this.#count(Cell.Requests);
  }
  get requestDuration(): number | undefined {
    const isCreating = this.pid === 0 || this.state === ProcessState.Creating;
    return isCreating ? undefined : this.#count(Cell.RequestDuration);
  }
  get requestMethod(): string {
    return this.#text(Cell.RequestMethod);
  }
  get requestUri(): string {
    return this.#text(Cell.RequestUri);
  }
  get contentLength(): number {
    return this.#count(Cell.ContentLength);
  }
  get user(): string {
    return this.#text(Cell.User);
  }
  get script(): string {
    return this.#text(Cell.Script);
  }
  get lastRequestCpu(): number {
    return this.#count(Cell.LastRequestCpu);
  }
  get lastRequestMemory(): number {
    return this.#count(Cell.LastRequestMemory);
  }
  get other(): readonly never[] {
    return none;
  }

  toJSON(): ProcessStatusJson {
    return processToJson(this);
  }

  /** What `console.log` shows in Node, Deno and Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): ProcessStatusJson {
    return this.toJSON();
  }

  #number(cell: number): number {
    return this.#cells[cell]!;
  }

  /** A count that fell below zero means none. */
  #count(cell: number): number {
    return Math.max(0, this.#number(cell));
  }

  #text(cell: number): string {
    return readText(this.#page, this.#number(cell), this.#number(cell + 1));
  }
}
