import { latin1 } from "../../bytes.js";
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
} from "../../engine/engine.js";
import { hashKey } from "../../engine/hash-key.js";

const KEYS = LINE_KEYS >> 2;
const VALUES = LINE_VALUES >> 2;
const CONSUMED = (RESULT >> 2) + TableResult.Consumed;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Walks the lines of a page of any length, and lines of any length: the engine splits what fits
 * into its window, and a longer line is found by itself. Offsets are into {@link page}.
 */
export class PageLines {
  readonly page: Uint8Array;
  start = 0;
  /** Where the colon is; `end` where the line has none. */
  keyEnd = 0;
  valueStart = 0;
  end = 0;
  /** {@link hashKey} of the key, or of the whole line where it has no colon. */
  keyHash = 0;
  /** {@link LineKind} */
  kind: number = LineKind.Bare;
  /** The value, where the kind is `Number`. */
  number = 0;

  readonly #engine: Engine;
  /** The next row of the table, and how many it has. */
  #row = 0;
  #rows = 0;
  /** What to add to an engine address to get an offset in the page. */
  #base = 0;
  /** How much of the page has been split. */
  #split = 0;

  constructor(page: Uint8Array, engine: Engine) {
    this.page = page.buffer === engine.memory.buffer ? page.slice() : page;
    this.#engine = engine;
  }

  /** Goes to the next line, and tells whether there is one. */
  next(): boolean {
    if (this.#row === this.#rows && !this.#splitMore()) return false;
    if (this.#rows === 0) return true;
    const { words, numbers } = this.#engine;
    const row = this.#row++ * ROW_WORDS;
    const keyRow = KEYS + row;
    const valueRow = VALUES + row;
    const base = this.#base;
    this.start = words[keyRow + LineKey.Start]! + base;
    this.keyEnd = words[keyRow + LineKey.End]! + base;
    this.valueStart = words[valueRow + LineValue.Start]! + base;
    this.end = words[valueRow + LineValue.End]! + base;
    this.keyHash = words[keyRow + LineKey.Hash]!;
    this.kind = words[keyRow + LineKey.Kind]!;
    this.number = numbers[(valueRow + LineValue.Number) >> 1]!;
    return true;
  }

  key(): string {
    return latin1(this.page, this.start, this.keyEnd);
  }

  value(): string {
    return latin1(this.page, this.valueStart, this.end);
  }

  line(): string {
    return latin1(this.page, this.start, this.end);
  }

  #splitMore(): boolean {
    const { page } = this;
    const start = this.#split;
    if (start === page.length) return false;
    const end = Math.min(page.length, start + WINDOW_SIZE);
    const isAll = start === 0 && end === page.length;
    this.#engine.memory.set(isAll ? page : page.subarray(start, end), WINDOW);
    this.#row = 0;
    this.#rows = this.#engine.splitLines(WINDOW, end - start, end === page.length ? 1 : 0);
    this.#base = start - WINDOW;
    this.#split = start + this.#engine.words[CONSUMED]!;
    if (this.#rows === 0) this.#readLongLine(start);
    return true;
  }

  #readLongLine(start: number): void {
    const { page } = this;
    const newline = page.indexOf(NEWLINE, start + WINDOW_SIZE);
    const behind = newline < 0 ? page.length : newline;
    this.#split = newline < 0 ? behind : newline + 1;
    this.start = start;
    this.end = page[behind - 1] === CARRIAGE_RETURN ? behind - 1 : behind;
    const colon = page.subarray(start, this.end).indexOf(COLON);
    const hasColon = colon >= 0;
    this.keyEnd = hasColon ? start + colon : this.end;
    this.valueStart = hasColon ? this.keyEnd + 1 : this.end;
    while (this.valueStart < this.end && isBlank(page[this.valueStart]!)) {
      this.valueStart++;
    }
    this.keyHash = hashKey(this.key());
    this.kind = hasColon ? LineKind.Text : LineKind.Bare;
    this.number = 0;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
