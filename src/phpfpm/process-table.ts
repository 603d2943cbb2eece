import { type Engine, LINE_ROW_WORDS, LineRow, TABLE } from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import { readLogDate, readText } from "./page-values.js";
import type { ProcessStatus, ProcessStatusJson } from "./pool-status.js";
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

/** The line of a field in a block. */
const Line = {
  Pid: 2,
  State: 3,
  StartTime: 4,
  StartSince: 5,
  Requests: 6,
  RequestDuration: 7,
  RequestMethod: 8,
  RequestUri: 9,
  ContentLength: 10,
  User: 11,
  Script: 12,
  LastRequestCpu: 13,
  LastRequestMemory: 14,
} as const;

/** The lines that are numbers. */
const numberLines = [
  Line.Pid,
  Line.StartSince,
  Line.Requests,
  Line.RequestDuration,
  Line.ContentLength,
  Line.LastRequestCpu,
  Line.LastRequestMemory,
] as const;

/** Words and doubles of a block's rows in the engine's table. */
const BLOCK_WORDS = BLOCK_LINES * LINE_ROW_WORDS;
const ROW_DOUBLES = LINE_ROW_WORDS >> 1;

/** The rows of some blocks, copied out of the engine's table at once. */
interface Rows {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  /** The page, and what to add to a row's address to get an offset in it. */
  readonly bytes: Uint8Array;
  readonly base: number;
}

/**
 * The processes of a text page, as the rows that the engine made of their lines: an object is made
 * for each, but no string before somebody asks for it.
 */
export class ProcessTable {
  /** In the order of the page. */
  readonly processes: ProcessStatus[] = [];
  readonly #bytes: Uint8Array;
  readonly #capacity: number;
  #second: number | undefined;

  /**
   * @param bytes the page; kept, not copied
   * @param capacity how many processes there can be
   */
  constructor(bytes: Uint8Array, capacity: number) {
    this.#bytes = bytes;
    this.#capacity = capacity;
  }

  /**
   * Takes over the lines of whole blocks from the engine's table.
   *
   * @param row the first of their rows, {@link BLOCK_LINES} for each block
   * @param base what to add to an engine address to get an offset in the page
   * @returns whether they are blocks as PHP-FPM writes them, of the same second as the first (see
   * findBlocks), and there was room for them
   */
  add(engine: Engine, row: number, blocks: number, base: number): boolean {
    if (this.processes.length + blocks > this.#capacity) return false;
    const first = (TABLE >> 2) + row * LINE_ROW_WORDS;
    const end = first + blocks * BLOCK_WORDS;
    if (!areBlocks(engine.words, first, end)) return false;
    for (let block = first; block < end; block += BLOCK_WORDS) {
      const second = secondOf(engine, block);
      this.#second ??= second;
      if (second !== this.#second) return false;
    }
    const words = engine.words.slice(first, end);
    const numbers = new Float64Array(words.buffer);
    const rows = { words, numbers, bytes: this.#bytes, base };
    for (let block = 0; block < words.length; block += BLOCK_WORDS) {
      this.processes.push(new TableProcess(rows, block));
    }
    return true;
  }
}

/** Line by line through all blocks: block by block takes twice as long. */
function areBlocks(words: Int32Array, first: number, end: number): boolean {
  for (let line = 0; line < BLOCK_LINES; line++) {
    const hash = blockHashes[line];
    const start = first + line * LINE_ROW_WORDS + LineRow.KeyHash;
    for (let at = start; at < end; at += BLOCK_WORDS) if (words[at] !== hash) return false;
  }
  for (const line of numberLines) {
    const start = first + line * LINE_ROW_WORDS + LineRow.Kind;
    // LineKind Number or Wrapped; of the latter the engine has made 0.
    for (let at = start; at < end; at += BLOCK_WORDS) {
      if ((words[at] as number) >> 1 !== 1) return false;
    }
  }
  return true;
}

/** The second at which the page was made, by this block: NaN when its start time is no date. */
function secondOf({ memory, words, numbers }: Engine, block: number): number {
  const time = block + Line.StartTime * LINE_ROW_WORDS;
  const start = words[time + LineRow.ValueStart] as number;
  const startTime = readLogDate(memory, start, words[time + LineRow.End] as number);
  const since = (block + Line.StartSince * LINE_ROW_WORDS + LineRow.Number) >> 1;
  return startTime + (numbers[since] as number);
}

class TableProcess implements ProcessStatus {
  readonly #rows: Rows;
  /** Word of the block's first row. */
  readonly #block: number;

  constructor(rows: Rows, block: number) {
    this.#rows = rows;
    this.#block = block;
  }

  get pid(): number {
    return this.#number(Line.Pid);
  }
  get state(): string {
    return this.#text(Line.State);
  }
  get startTime(): Date {
    const [start, end] = this.#span(Line.StartTime);
    return new Date(readLogDate(this.#rows.bytes, start, end) * 1000);
  }
  get startSince(): number {
    return this.#number(Line.StartSince);
  }
  get requests(): number {
    return this.#number(Line.Requests);
  }
  get requestDuration(): number {
    return this.#number(Line.RequestDuration);
  }
  get requestMethod(): string {
    return this.#text(Line.RequestMethod);
  }
  get requestUri(): string {
    return this.#text(Line.RequestUri);
  }
  get contentLength(): number {
    return this.#number(Line.ContentLength);
  }
  get user(): string {
    return this.#text(Line.User);
  }
  get script(): string {
    return this.#text(Line.Script);
  }
  get lastRequestCpu(): number {
    return this.#number(Line.LastRequestCpu);
  }
  get lastRequestMemory(): number {
    return this.#number(Line.LastRequestMemory);
  }
  get other(): readonly never[] {
    return none;
  }

  toJSON(): ProcessStatusJson {
    return processToJson(this);
  }

  #number(line: number): number {
    return this.#rows.numbers[
      (this.#block >> 1) + line * ROW_DOUBLES + (LineRow.Number >> 1)
    ] as number;
  }

  #text(line: number): string {
    return readText(this.#rows.bytes, ...this.#span(line));
  }

  /** Where the value of a line lies in the page. */
  #span(line: number): [start: number, end: number] {
    const { words, base } = this.#rows;
    const row = this.#block + line * LINE_ROW_WORDS;
    return [
      (words[row + LineRow.ValueStart] as number) + base,
      (words[row + LineRow.End] as number) + base,
    ];
  }
}
