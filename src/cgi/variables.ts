import { isAscii, latin1, latin1Bytes, utf8, utf8Bytes } from "../bytes.js";
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
  const valueEnd = valueStart + valueLength;
  return [
    utf8(bytes, nameStart, nameStart + nameLength),
    isAscii(bytes, valueStart, valueEnd)
      ? latin1(bytes, valueStart, valueEnd)
      : bytes.slice(valueStart, valueEnd),
  ];
}

/** A value that is a byte string, as header values are: non-ASCII characters become Latin-1 bytes. */
export function byteStringValue(text: string): VariableValue {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return latin1Bytes(text);
  }
  return text;
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

/** Variables by name. Iteration keeps the order and the duplicates of the list. */
export class Variables implements Iterable<Variable> {
  readonly #list: readonly Variable[];
  readonly #last = new Map<string, VariableValue>();

  constructor(list: Iterable<Variable> = []) {
    this.#list = [...list];
    for (const [name, value] of this.#list) this.#last.set(name, value);
  }

  /** How many variables there are, duplicates included. */
  get size(): number {
    return this.#list.length;
  }

  has(name: string): boolean {
    return this.#last.has(name);
  }

  /** The value, of several the last; bytes are read as ISO-8859-1. */
  get(name: string): string | undefined {
    const value = this.#last.get(name);
    return value === undefined ? undefined : textOf(value);
  }

  /** The value, when it is there and not empty: front ends send `CONTENT_TYPE` empty for "none". */
  filled(name: string): string | undefined {
    return this.get(name) || undefined;
  }

  /** The value's bytes, of several the last. */
  bytes(name: string): Uint8Array | undefined {
    const value = this.#last.get(name);
    return value === undefined ? undefined : valueBytes(value);
  }

  /** All values of a name, in order; bytes are read as ISO-8859-1. */
  getAll(name: string): string[] {
    return this.#list.filter((each) => each[0] === name).map((each) => textOf(each[1]));
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#list[Symbol.iterator]();
  }
}

function textOf(value: VariableValue): string {
  return typeof value === "string" ? value : latin1(value);
}

/**
 * CONTENT_LENGTH (RFC 3875 §4.1.2). Absent and empty are undefined.
 *
 * @throws GatewayError `malformed` when it is not decimal digits, above 2^53 - 1, or there twice
 * with different values
 */
export function contentLengthOf(variables: Variables): number | undefined {
  const values = new Set(variables.getAll("CONTENT_LENGTH"));
  if (values.size > 1) {
    throw new GatewayError(ErrorCode.Malformed, "CONTENT_LENGTH is there twice, and differs");
  }
  const [text = ""] = values;
  return text === "" ? undefined : parseContentLength(text);
}

/** @throws GatewayError `malformed` unless `text` is decimal digits and at most 2^53 - 1 */
export function parseContentLength(text: string): number {
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError(
    ErrorCode.Malformed,
    `CONTENT_LENGTH is ${JSON.stringify(text.slice(0, 32))}, not a number of bytes`,
  );
}
