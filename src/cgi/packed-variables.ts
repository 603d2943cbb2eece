import { isAsciiText, latin1, utf8Bytes } from "../bytes.js";
import { type Engine, PairRow, ROW_WORDS, TABLE } from "../engine/engine.js";
import { type Variable, type VariableValue, variableOf } from "./variable.js";
import type { VariableStore } from "./variable-store.js";

const tableBase = TABLE >> 2;

/**
 * Variables as they came: their bytes, and where each lies in them. Of the thirty that a front end
 * sends, texts are made of those few that somebody asks for.
 */
export class PackedVariables implements VariableStore {
  readonly #bytes: Uint8Array;
  readonly #rows: Int32Array;
  /** Where the first byte lay when the rows were made. */
  readonly #origin: number;

  /**
   * Copies the variables that the engine has just split.
   *
   * @param start where they begin in the engine's memory
   * @param length their bytes
   * @param count rows in the engine's table
   */
  constructor({ memory, words }: Engine, start: number, length: number, count: number) {
    this.#bytes = memory.slice(start, start + length);
    this.#rows = words.slice(tableBase, tableBase + count * ROW_WORDS);
    this.#origin = start;
  }

  get size(): number {
    return this.#rows.length / ROW_WORDS;
  }

  find(text: string): VariableValue | undefined {
    const name = byteString(text);
    for (let row = this.#rows.length - ROW_WORDS; row >= 0; row -= ROW_WORDS) {
      if (this.#isNamed(row, name)) return this.#at(row)[1];
    }
    return undefined;
  }

  findAll(text: string): VariableValue[] {
    const name = byteString(text);
    const values: VariableValue[] = [];
    for (let row = 0; row < this.#rows.length; row += ROW_WORDS) {
      if (this.#isNamed(row, name)) values.push(this.#at(row)[1]);
    }
    return values;
  }

  startingWith(prefix: string): Variable[] {
    const variables: Variable[] = [];
    for (let row = 0; row < this.#rows.length; row += ROW_WORDS) {
      if (this.#startsWith(row, prefix)) variables.push(this.#at(row));
    }
    return variables;
  }

  *[Symbol.iterator](): Iterator<Variable> {
    for (let row = 0; row < this.#rows.length; row += ROW_WORDS) yield this.#at(row);
  }

  #at(row: number): Variable {
    const rows = this.#rows;
    return variableOf(
      this.#bytes,
      (rows[row + PairRow.NameStart] as number) - this.#origin,
      rows[row + PairRow.NameLength] as number,
      (rows[row + PairRow.ValueStart] as number) - this.#origin,
      rows[row + PairRow.ValueLength] as number,
    );
  }

  #isNamed(row: number, name: string): boolean {
    return this.#rows[row + PairRow.NameLength] === name.length && this.#startsWith(row, name);
  }

  #startsWith(row: number, prefix: string): boolean {
    const start = (this.#rows[row + PairRow.NameStart] as number) - this.#origin;
    if ((this.#rows[row + PairRow.NameLength] as number) < prefix.length) return false;
    for (let at = 0; at < prefix.length; at++) {
      if (this.#bytes[start + at] !== prefix.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** A name with a character for each of the bytes that it travels as. */
function byteString(name: string): string {
  return isAsciiText(name) ? name : latin1(utf8Bytes(name));
}
