import type { Engine } from "./engine.js";
import { hashBytes } from "./hash-key.js";
import {
  FIRST_LINE_KEY,
  LineKey,
  LineKind,
  LineValue,
  ROW_WORDS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "./memory.js";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Walks the "key: value" lines of a page, however long the page and its lines are. The engine splits
 * as many lines at a time as its window holds. The fields describe the line that {@link next} went
 * to; offsets are into {@link page}. The engine's table may not be used for anything else meanwhile.
 */
export class LineReader {
  readonly page: Uint8Array;
  start = 0;
  /** The offset of the first colon; `end` if the line has none. */
  keyEnd = 0;
  /** The offset after the colon and the blanks that follow it; `end` if the line has no colon. */
  valueStart = 0;
  /** The offset of the newline, or of a carriage return before it. */
  end = 0;
  /** {@link hashKey} of the key, or of the whole line if it has no colon. */
  keyHash = 0;
  /** {@link LineKind} of the value. */
  kind: number = LineKind.Bare;
  /** The value if the kind is `Number` or `Date`, otherwise 0. */
  number = 0;

  /** The row of the engine's table that {@link next} goes to. A caller may take several, or go back. */
  row = 0;
  /** How many rows are in the table. */
  rows = 0;
  /** What to add to the addresses in the rows to get offsets in the page. */
  base = 0;

  readonly #engine: Engine;
  /** Where the page lies in the engine's window; 0 if it lies elsewhere. */
  readonly #address: number;
  /** The offset after the last line that is in the table. */
  #splitEnd = 0;

  /** @param page stays where it is if that is the engine's window, which must not change then */
  constructor(page: Uint8Array, engine: Engine) {
    const { memory } = engine;
    const address = page.byteOffset - memory.byteOffset;
    const isInMemory = page.buffer === memory.buffer;
    const isInWindow =
      isInMemory && address >= WINDOW && address + page.length <= WINDOW + WINDOW_SIZE;
    this.page = isInMemory && !isInWindow ? page.slice() : page;
    this.#address = isInWindow ? address : 0;
    this.#engine = engine;
  }

  /** Whether the last line of the page has been read. */
  get isAtEnd(): boolean {
    return this.row === this.rows && this.#splitEnd === this.page.length;
  }

  /** Goes to the next line. Returns false if there is none. */
  next(): boolean {
    if (this.row === this.rows) {
      if (this.#splitEnd === this.page.length) return false;
      this.#split(this.#splitEnd);
    }
    const { table, numbers } = this.#engine;
    const { base } = this;
    const row = this.row++ * ROW_WORDS;
    const keyRow = FIRST_LINE_KEY + row;
    this.start = table[keyRow + LineKey.Start]! + base;
    this.keyEnd = table[keyRow + LineKey.End]! + base;
    this.valueStart = table[row + LineValue.Start]! + base;
    this.end = table[row + LineValue.End]! + base;
    this.keyHash = table[keyRow + LineKey.Hash]!;
    this.kind = table[keyRow + LineKey.Kind]!;
    this.number = numbers[(row + LineValue.Number) >> 1]!;
    return true;
  }

  /**
   * Splits the page again from the next line on, for callers that need more lines in the table than
   * are left in it. Returns false if that cannot give more.
   */
  splitFromNext(): boolean {
    if (this.row === 0 || this.#splitEnd === this.page.length) return false;
    const keyRow = FIRST_LINE_KEY + this.row * ROW_WORDS;
    const isTaken = this.row === this.rows;
    this.#split(isTaken ? this.#splitEnd : this.#engine.table[keyRow + LineKey.Start]! + this.base);
    return true;
  }

  #split(start: number): void {
    const { page } = this;
    const { memory, results } = this.#engine;
    let end = page.length;
    let address = this.#address + start;
    if (this.#address === 0) {
      end = Math.min(end, start + WINDOW_SIZE);
      address = WINDOW;
      const isWhole = start === 0 && end === page.length;
      memory.set(isWhole ? page : page.subarray(start, end), address);
    }
    this.row = 0;
    this.rows = this.#engine.splitLines(address, end - start, end === page.length ? 1 : 0);
    this.base = start - address;
    this.#splitEnd = start + results[TableResult.Consumed]!;
    if (this.rows === 0) this.#splitLongLine(start);
  }

  /** Puts a line that is longer than the window into the table. Its number, if any, is not read. */
  #splitLongLine(start: number): void {
    const { page } = this;
    const newline = page.indexOf(NEWLINE, start + WINDOW_SIZE);
    const lineEnd = newline < 0 ? page.length : newline;
    const end = page[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    const colon = page.subarray(start, end).indexOf(COLON);
    const keyLength = colon < 0 ? end - start : colon;
    let valueStart = colon < 0 ? end : start + colon + 1;
    while (valueStart < end && isBlank(page[valueStart]!)) valueStart++;

    const { table, numbers } = this.#engine;
    numbers[LineValue.Number >> 1] = 0;
    table[LineValue.Start] = valueStart;
    table[LineValue.End] = end;
    table[FIRST_LINE_KEY + LineKey.Start] = start;
    table[FIRST_LINE_KEY + LineKey.End] = start + keyLength;
    table[FIRST_LINE_KEY + LineKey.Hash] = hashBytes(viewOf(page), start, keyLength);
    table[FIRST_LINE_KEY + LineKey.Kind] = colon < 0 ? LineKind.Bare : LineKind.Text;
    this.rows = 1;
    this.base = 0;
    this.#splitEnd = newline < 0 ? lineEnd : newline + 1;
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
