import { isAscii, isAsciiText, latin1, latin1Bytes, utf8, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A string is sent as UTF-8, bytes as they are. */
export type VariableValue = string | Uint8Array;

/**
 * A CGI meta-variable (RFC 3875 §4.1), or any other variable of a request. Lists of them keep order
 * and duplicates, because front ends do send names twice.
 */
export type Variable = readonly [name: string, value: VariableValue];

/** The bytes of a value as they are sent. */
export function valueBytes(value: VariableValue): Uint8Array {
  return typeof value === "string" ? utf8Bytes(value) : value;
}

/** A value as text. Bytes are read as ISO-8859-1. */
export function valueText(value: VariableValue): string {
  return typeof value === "string" ? value : latin1(value);
}

/**
 * A received variable, copied. The name is read as UTF-8. A value in ASCII becomes a string; any
 * other stays bytes, so that forwarding it sends the same bytes.
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

/** A received value, see {@link variableOf}. */
export function variableValue(bytes: Uint8Array, start: number, end: number): VariableValue {
  return isAscii(bytes, start, end) ? latin1(bytes, start, end) : bytes.slice(start, end);
}

/** The value of a byte string, such as a header's: one that is not ASCII becomes bytes. */
export function byteStringValue(text: string): VariableValue {
  return isAsciiText(text) ? text : latin1Bytes(text);
}

/**
 * Checks a variable, as all protocols require.
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
 * @throws GatewayError `limit_exceeded` when the variables of a request take more than `limit`
 * bytes
 */
export function checkVariablesSize(size: number, limit: number): void {
  if (size <= limit) return;
  throw new GatewayError(
    ErrorCode.LimitExceeded,
    `the request's variables take ${size} bytes, more than the limit of ${limit}`,
    { hint: "send fewer or shorter headers, or raise limits.variables" },
  );
}

/**
 * The names that were read last, by a hash of their bytes. Front ends send the same names with
 * every request: without this table, decoding variables takes 11 to 14 % more CPU, and serving a
 * small request 0 to 5 % (Node 20 to 24).
 */
const knownNames: (string | undefined)[] = new Array(512).fill(undefined);

/** Longer names are rare, and not cached. */
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

/** A list of variables, in order, duplicates included. */
export abstract class VariableStore implements Iterable<Variable> {
  abstract readonly size: number;
  /** The value of a name, the last of several. */
  abstract find(name: string): VariableValue | undefined;
  /** All values of a name. */
  abstract findAll(name: string): VariableValue[];
  /** The variables whose names begin with `prefix`, which is ASCII. */
  abstract startingWith(prefix: string): Variable[];
  abstract [Symbol.iterator](): Iterator<Variable>;
}

/** Variables in a list. */
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

/** The variables of a request, by name. Iteration keeps order and duplicates. */
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

  /** The value of a name, the last of several. Bytes are read as ISO-8859-1. */
  get(name: string): string | undefined {
    const value = this.#store.find(name);
    return value === undefined ? undefined : valueText(value);
  }

  /** The value of a name unless it is empty: front ends send an empty `CONTENT_TYPE` for "none". */
  filled(name: string): string | undefined {
    return this.get(name) || undefined;
  }

  /** The bytes of a value, the last of several. */
  bytes(name: string): Uint8Array | undefined {
    const value = this.#store.find(name);
    return value === undefined ? undefined : valueBytes(value);
  }

  /** All values of a name, in order. Bytes are read as ISO-8859-1. */
  getAll(name: string): string[] {
    return this.#store.findAll(name).map(valueText);
  }

  /** The variables whose names begin with `prefix`, which is ASCII, in order. */
  startingWith(prefix: string): Variable[] {
    return this.#store.startingWith(prefix);
  }

  /**
   * CONTENT_LENGTH (RFC 3875 §4.1.2), in bytes; undefined when it is absent or empty.
   *
   * @throws GatewayError `malformed` when it is not a decimal number, is above 2^53 - 1, or is
   * repeated with another value
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
      throw new GatewayError(ErrorCode.Malformed, "CONTENT_LENGTH is repeated with another value");
    }
    return text === "" ? undefined : parseContentLength(text);
  }
}

/** No variables. */
export const noVariables: Variables = new Variables();

/** @throws GatewayError `malformed` unless `text` is a decimal number of at most 2^53 - 1 */
export function parseContentLength(text: string): number {
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError(
    ErrorCode.Malformed,
    `CONTENT_LENGTH is ${JSON.stringify(text.slice(0, 32))}, not a number of bytes`,
  );
}
