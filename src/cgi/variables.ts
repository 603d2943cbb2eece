import { ErrorCode, GatewayError } from "../errors.js";
import { PackedVariables } from "./packed-variables.js";
import { type Variable, valueBytes, valueText } from "./variable.js";
import { VariableList, type VariableStore } from "./variable-store.js";

/** Variables by name. Iteration keeps their order and duplicates. */
export class Variables implements Iterable<Variable> {
  readonly #store: VariableStore;
  #contentLength: { value: number | undefined } | undefined;

  constructor(variables: Iterable<Variable> = []) {
    const isPacked = variables instanceof PackedVariables;
    this.#store = isPacked ? variables : new VariableList(variables);
  }

  /** How many variables there are, duplicates included. */
  get size(): number {
    return this.#store.size;
  }

  has(name: string): boolean {
    return this.#store.find(name) !== undefined;
  }

  /** The value, of several the last; bytes are read as ISO-8859-1. */
  get(name: string): string | undefined {
    const value = this.#store.find(name);
    return value === undefined ? undefined : valueText(value);
  }

  /** The value, when it is there and not empty: front ends send `CONTENT_TYPE` empty for "none". */
  filled(name: string): string | undefined {
    return this.get(name) || undefined;
  }

  /** The value's bytes, of several the last. */
  bytes(name: string): Uint8Array | undefined {
    const value = this.#store.find(name);
    return value === undefined ? undefined : valueBytes(value);
  }

  /** All values of a name, in order; bytes are read as ISO-8859-1. */
  getAll(name: string): string[] {
    return this.#store.findAll(name).map(valueText);
  }

  /** The variables whose names begin with an ASCII text, in order. */
  startingWith(prefix: string): Variable[] {
    return this.#store.startingWith(prefix);
  }

  /**
   * CONTENT_LENGTH (RFC 3875 §4.1.2). Absent and empty are undefined.
   *
   * @throws GatewayError `malformed` when it is not decimal digits, above 2^53 - 1, or there twice
   * with different values
   */
  get contentLength(): number | undefined {
    this.#contentLength ??= { value: this.#readContentLength() };
    return this.#contentLength.value;
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#store[Symbol.iterator]();
  }

  #readContentLength(): number | undefined {
    const [text = "", ...others] = this.getAll("CONTENT_LENGTH");
    if (others.some((other) => other !== text)) {
      throw new GatewayError(ErrorCode.Malformed, "CONTENT_LENGTH is there twice, and differs");
    }
    return text === "" ? undefined : parseContentLength(text);
  }
}

/** What has no variables yet. */
export const noVariables: Variables = new Variables();

/** @throws GatewayError `malformed` unless `text` is decimal digits and at most 2^53 - 1 */
export function parseContentLength(text: string): number {
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError(
    ErrorCode.Malformed,
    `CONTENT_LENGTH is ${JSON.stringify(text.slice(0, 32))}, not a number of bytes`,
  );
}
