import { ByteCollector } from "../bytes.js";
import type { ClientHandlers } from "../cgi/client-machine.js";
import { UntilCloseClient } from "../cgi/until-close-client.js";
import {
  checkVariable,
  checkVariablesSize,
  type Variable,
  type VariableValue,
} from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import { encodeNetstring } from "./netstring.js";

/**
 * The head of an SCGI request: a netstring of headers, of which the first are CONTENT_LENGTH and
 * `SCGI` with the value `1`. The body follows unframed (SCGI, 2008-06-23).
 *
 * @param contentLength bytes of the body; 0 for none
 * @param limit bytes that the headers may take. Default: 1,048,576
 * @throws GatewayError `bad_input` for a repeated or empty name, a NUL, and another CONTENT_LENGTH
 * or SCGI among the variables; `limit_exceeded`
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
    if (seen.has(name)) throw refused(`SCGI allows ${name} only once`);
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

export interface ScgiClientRequest {
  variables: Iterable<Variable>;
  /** Bytes of the body; 0 for none. */
  contentLength: number;
}

/**
 * The client's side of one SCGI request. It does no I/O.
 *
 * @throws GatewayError `bad_input` or `limit_exceeded`, as {@link encodeRequest}
 */
export function createScgiClient(
  request: ScgiClientRequest,
  handlers: ClientHandlers,
  options: { variables?: number | undefined; engine?: Engine | undefined } = {},
): UntilCloseClient {
  const { variables, contentLength } = request;
  const head = encodeRequest(variables, contentLength, options.variables);
  return new UntilCloseClient(head, handlers, options.engine);
}
