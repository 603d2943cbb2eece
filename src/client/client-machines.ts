import { type ClientProtocol, Protocol } from "../address.js";
import { ProgramClient } from "../cgi/program-client.js";
import { checkVariablesSize, type Variable, valueBytes } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient } from "../fastcgi/client.js";
import { Role } from "../fastcgi/protocol.js";
import type { Limits } from "../limits.js";
import { createScgiClient } from "../scgi/client.js";
import { createUwsgiClient } from "../uwsgi/client.js";
import type { CreateClientMachine } from "./channel.js";

/** What some protocols send with a request in addition to its variables. */
export interface ClientMachineOptions {
  /** FastCGI's role. The other protocols have responders only. Default: {@link Role.Responder}. */
  role?: Role | undefined;
  /** The first modifier of uwsgi, 0 to 255. Default: 0, a request for a WSGI application. */
  modifier1?: number | undefined;
  /** The second modifier of uwsgi, 0 to 255. Default: 0. */
  modifier2?: number | undefined;
}

/**
 * Makes a function that creates the machine of a request in a protocol.
 *
 * @throws GatewayError `bad_input` for a protocol without a client, and a role that the protocol does
 * not have; `limit_exceeded`
 */
export function createMachineFor(
  protocol: ClientProtocol,
  variables: readonly Variable[],
  contentLength: number,
  limits: Limits,
  options: ClientMachineOptions,
): CreateClientMachine {
  const { role = Role.Responder, modifier1, modifier2 } = options;
  if (protocol === Protocol.FastCgi) {
    return (handlers, terms) =>
      new FastCgiClient({ variables, role, ...terms }, handlers, { limits });
  }
  if (role !== Role.Responder) {
    throw new GatewayError(ErrorCode.BadInput, "only FastCGI has authorizers and filters");
  }
  if (protocol === Protocol.Scgi) {
    return (handlers) =>
      createScgiClient({ variables, contentLength }, handlers, { variables: limits.variables });
  }
  if (protocol === Protocol.Cgi) {
    checkSize(variables, limits.variables);
    return (handlers) => new ProgramClient(variables, handlers);
  }
  if (protocol === Protocol.Uwsgi) {
    return (handlers) => createUwsgiClient({ modifier1, modifier2, variables }, handlers);
  }
  throw new GatewayError(ErrorCode.BadInput, `the protocol ${String(protocol)} has no client`, {
    hint: "it is fcgi, scgi, uwsgi or cgi",
  });
}

function checkSize(variables: readonly Variable[], limit: number): void {
  let size = 0;
  for (const [name, value] of variables) size += name.length + valueBytes(value).length + 2;
  checkVariablesSize(size, limit);
}
