import { isAsciiText, latin1, utf8Bytes } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { PairRow, ROW_WORDS } from "../engine/memory.js";
import {
  type Variable,
  VariableStore,
  type VariableValue,
  variableOf,
  variableValue,
} from "./variables.js";

/** Bytes of a slab. Variables that are longer than a quarter of it get a slab of their own. */
const SLAB_SIZE = 16_384;

/** Memory that several requests share: allocating arrays for each costs ten times the copy. */
class Slab {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Where the next copy goes, in words. */
  free = 0;

  constructor(size: number) {
    this.words = new Int32Array(size >> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }
}

let shared = new Slab(SLAB_SIZE);

/** A slab with room for so many words. */
function slabFor(words: number): Slab {
  if (words > SLAB_SIZE >> 4) return new Slab(words << 2);
  if (words > shared.words.length - shared.free) shared = new Slab(SLAB_SIZE);
  return shared;
}

/**
 * Variables as bytes and offsets. A front end sends about thirty, and strings are made only of the
 * few that are read.
 */
export class PackedVariables extends VariableStore {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** The rows of the engine's table, in `#words`. */
  readonly #firstRow: number;
  readonly #endOfRows: number;
  /** The difference between an offset in `#bytes` and the engine's. */
  readonly #shift: number;

  /**
   * Copies the variables that the engine has just split.
   *
   * @param start where they begin in the engine's memory
   * @param length their bytes
   * @param count rows in the engine's table
   */
  constructor({ memory, table }: Engine, start: number, length: number, count: number) {
    super();
    const rowWords = count * ROW_WORDS;
    const needed = rowWords + ((length + 3) >> 2);
    const slab = slabFor(needed);
    this.#bytes = slab.bytes;
    this.#words = slab.words;
    this.#firstRow = slab.free;
    this.#endOfRows = slab.free + rowWords;
    this.#shift = this.#endOfRows * 4 - start;
    slab.free += needed;
    slab.words.set(table.subarray(0, rowWords), this.#firstRow);
    slab.bytes.set(memory.subarray(start, start + length), this.#endOfRows * 4);
  }

  get size(): number {
    return (this.#endOfRows - this.#firstRow) / ROW_WORDS;
  }

  find(text: string): VariableValue | undefined {
    const name = byteString(text);
    for (let row = this.#endOfRows - ROW_WORDS; row >= this.#firstRow; row -= ROW_WORDS) {
      if (this.#isNamed(row, name)) return this.#valueAt(row);
    }
    return undefined;
  }

  findAll(text: string): VariableValue[] {
    const name = byteString(text);
    const values: VariableValue[] = [];
    for (let row = this.#firstRow; row < this.#endOfRows; row += ROW_WORDS) {
      if (this.#isNamed(row, name)) values.push(this.#valueAt(row));
    }
    return values;
  }

  startingWith(prefix: string): Variable[] {
    const variables: Variable[] = [];
    for (let row = this.#firstRow; row < this.#endOfRows; row += ROW_WORDS) {
      if (this.#startsWith(row, prefix)) variables.push(this.#at(row));
    }
    return variables;
  }

  *[Symbol.iterator](): Iterator<Variable> {
    for (let row = this.#firstRow; row < this.#endOfRows; row += ROW_WORDS) yield this.#at(row);
  }

  #at(row: number): Variable {
    const words = this.#words;
    return variableOf(
      this.#bytes,
      words[row + PairRow.NameStart]! + this.#shift,
      words[row + PairRow.NameLength]!,
      words[row + PairRow.ValueStart]! + this.#shift,
      words[row + PairRow.ValueLength]!,
    );
  }

  #valueAt(row: number): VariableValue {
    const start = this.#words[row + PairRow.ValueStart]! + this.#shift;
    const length = this.#words[row + PairRow.ValueLength]!;
    return variableValue(this.#bytes, start, start + length);
  }

  #isNamed(row: number, name: string): boolean {
    return this.#words[row + PairRow.NameLength] === name.length && this.#startsWith(row, name);
  }

  #startsWith(row: number, prefix: string): boolean {
    const start = this.#words[row + PairRow.NameStart]! + this.#shift;
    if (this.#words[row + PairRow.NameLength]! < prefix.length) return false;
    for (let at = 0; at < prefix.length; at++) {
      if (this.#bytes[start + at] !== prefix.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** A name as a byte string: a character for each byte of its UTF-8. */
function byteString(name: string): string {
  return isAsciiText(name) ? name : latin1(utf8Bytes(name));
}
