import { Protocol } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiServer } from "../fastcgi/server.js";
import { createScgiServer } from "../scgi/server.js";
import { createUwsgiServer } from "../uwsgi/server.js";
import type { CreateServerMachine } from "./gateway-connection.js";
import { defaultMaxConnections, defaultMaxRequests } from "./serving-options.js";

/** The machine of each gateway protocol that is served. HTTP has none: Node reads it. */
const machines = new Map<Protocol, CreateServerMachine>([
  [
    Protocol.FastCgi,
    (handlers, options, engine) =>
      new FastCgiServer(handlers, {
        limits: options.limits,
        multiplex: options.multiplex ?? false,
        maxConnections: options.maxConnections ?? defaultMaxConnections,
        maxRequests: options.maxRequests ?? defaultMaxRequests,
        engine,
      }),
  ],
  [Protocol.Scgi, (handlers, { limits }, engine) => createScgiServer(handlers, { limits, engine })],
  [
    Protocol.Uwsgi,
    (handlers, { limits }, engine) => createUwsgiServer(handlers, { limits, engine }),
  ],
]);

/**
 * Chooses the server's machine of a protocol.
 *
 * @throws GatewayError `bad_input` for a protocol that has no server
 */
export function serverMachineOf(protocol: Protocol): CreateServerMachine {
  const create = machines.get(protocol);
  if (create !== undefined) return create;
  throw new GatewayError(ErrorCode.BadInput, `the protocol ${protocol} has no server`, {
    hint: "it is fcgi, scgi or uwsgi, and http for serve() and pools",
  });
}
