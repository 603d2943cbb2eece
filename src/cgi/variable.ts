import { isAscii, isAsciiText, latin1, latin1Bytes, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { variableName } from "./variable-name.js";

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
