import { ByteCollector } from "../bytes.js";
import {
  checkVariable,
  checkVariablesSize,
  type Variable,
  type VariableValue,
} from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import { encodeNetstring } from "./netstring.js";

/**
 * The head of an SCGI request: a netstring of headers, with CONTENT_LENGTH first and `SCGI` `1`
 * behind it; the body follows as it is (SCGI, 2008-06-23).
 *
 * @param contentLength the body's length in bytes; 0 for none
 * @param limit of the headers, in bytes
 * @throws GatewayError `bad_input`: a name twice, an empty name, a NUL, a CONTENT_LENGTH or SCGI
 * among the variables that says otherwise; `limit_exceeded`
 */
export function encodeRequest(
  variables: Iterable<Variable>,
  contentLength: number,
  limit: number = defaultLimits.variables,
): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(contentLength) || contentLength < 0) {
    throw new GatewayError(ErrorCode.BadInput, `${contentLength} is not a number of bytes`);
  }
  const fixed = new Map([
    ["CONTENT_LENGTH", `${contentLength}`],
    ["SCGI", "1"],
  ]);
  const headers = new ByteCollector();
  for (const [name, value] of fixed) pushHeader(headers, name, value);
  const seen = new Set<string>();
  for (const variable of variables) {
    const [name, value] = variable;
    checkVariable(variable);
    if (seen.has(name)) throw refused(`SCGI has no room for ${name} twice`);
    seen.add(name);
    const own = fixed.get(name);
    if (own === undefined) pushHeader(headers, name, value);
    else if (value !== own && value !== "") throw refused(`${name} is ${own}, not ${value}`);
  }
  checkVariablesSize(headers.length, limit);
  return encodeNetstring(headers.take());
}

function pushHeader(headers: ByteCollector, name: string, value: VariableValue): void {
  headers.pushText(name);
  headers.pushByte(0);
  if (typeof value === "string") headers.pushText(value);
  else headers.push(value);
  headers.pushByte(0);
}

function refused(message: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message);
}
