import { isAscii, isAsciiText, latin1, latin1Bytes, utf8, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A string travels as UTF-8; bytes travel as they are. */
export type VariableValue = string | Uint8Array;

/**
 * A CGI meta-variable (RFC 3875 §4.1) or any other that the three protocols carry. A list of them
 * keeps order and duplicates: front ends do send names twice.
 */
export type Variable = readonly [name: string, value: VariableValue];

/** The bytes that a value travels as. */
export function valueBytes(value: VariableValue): Uint8Array {
  return typeof value === "string" ? utf8Bytes(value) : value;
}

/** A value as text; bytes are read as ISO-8859-1. */
export function valueText(value: VariableValue): string {
  return typeof value === "string" ? value : latin1(value);
}

/**
 * A variable as decoded from the wire: a copy. The name is read as UTF-8. A value in ASCII is a
 * string, any other stays bytes, so that sending it on sends the same bytes.
 */
export function variableOf(
  bytes: Uint8Array,
  nameStart: number,
  nameLength: number,
  valueStart: number,
  valueLength: number,
): Variable {
  return [
    variableName(bytes, nameStart, nameLength),
    variableValue(bytes, valueStart, valueStart + valueLength),
  ];
}

/** A value as decoded from the wire, see {@link variableOf}. */
export function variableValue(bytes: Uint8Array, start: number, end: number): VariableValue {
  return isAscii(bytes, start, end) ? latin1(bytes, start, end) : bytes.slice(start, end);
}

/** A value that is a byte string, as header values are: non-ASCII characters become Latin-1 bytes. */
export function byteStringValue(text: string): VariableValue {
  return isAsciiText(text) ? text : latin1Bytes(text);
}

/**
 * Checks what every protocol here demands of a variable.
 *
 * @throws GatewayError `bad_input` when the name is empty, or a NUL is in the name or the value
 */
export function checkVariable([name, value]: Variable): void {
  if (name === "") throw new GatewayError(ErrorCode.BadInput, "a variable has an empty name");
  const nul = typeof value === "string" ? value.includes("\0") : value.includes(0);
  if (nul || name.includes("\0")) {
    const shown = name.replaceAll("\0", "\\0");
    throw new GatewayError(ErrorCode.BadInput, `the variable ${shown} has a NUL byte in it`);
  }
}

/**
 * The names that were read last, by a hash of their bytes. Front ends send the same names with every
 * request: a decoder that makes no new strings of them takes 11 to 18 % less CPU (Node 20, 22, 24).
 */
const knownNames: (string | undefined)[] = new Array(512).fill(undefined);

/** Longer names are rare, and not kept. */
const MAX_KNOWN_LENGTH = 64;

/** The name of a variable, which is read as UTF-8. */
function variableName(bytes: Uint8Array, start: number, length: number): string {
  if (length > MAX_KNOWN_LENGTH) return utf8(bytes, start, start + length);
  let hash = length;
  for (let at = start; at < start + length; at++) {
    hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  }
  const place = hash & (knownNames.length - 1);
  const before = knownNames[place];
  if (before !== undefined && isWritten(before, bytes, start, length)) return before;
  const name = utf8(bytes, start, start + length);
  knownNames[place] = name;
  return name;
}

/** Whether bytes are those of a name in ASCII. */
function isWritten(name: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let at = 0; at < length; at++) {
    if (name.charCodeAt(at) !== bytes[start + at] || bytes[start + at]! > 0x7f) {
      return false;
    }
  }
  return true;
}

/** Where variables are kept, in order, duplicates included. */
export abstract class VariableStore implements Iterable<Variable> {
  abstract readonly size: number;
  /** The value of a name, of several the last. */
  abstract find(name: string): VariableValue | undefined;
  /** All values of a name. */
  abstract findAll(name: string): VariableValue[];
  /** Variables whose names begin with an ASCII text. */
  abstract startingWith(prefix: string): Variable[];
  abstract [Symbol.iterator](): Iterator<Variable>;
}

/** Variables that were given as they are. */
class VariableList extends VariableStore {
  readonly #list: readonly Variable[];

  constructor(list: Iterable<Variable>) {
    super();
    this.#list = [...list];
  }

  get size(): number {
    return this.#list.length;
  }

  find(name: string): VariableValue | undefined {
    return this.#list.findLast((variable) => variable[0] === name)?.[1];
  }

  findAll(name: string): VariableValue[] {
    return this.#list.filter((variable) => variable[0] === name).map(([, value]) => value);
  }

  startingWith(prefix: string): Variable[] {
    return this.#list.filter(([name]) => name.startsWith(prefix));
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#list[Symbol.iterator]();
  }
}

/** Variables by name. Iteration keeps their order and duplicates. */
export class Variables implements Iterable<Variable> {
  readonly #store: VariableStore;
  #contentLength: { value: number | undefined } | undefined;

  constructor(variables: Iterable<Variable> = []) {
    this.#store = variables instanceof VariableStore ? variables : new VariableList(variables);
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
