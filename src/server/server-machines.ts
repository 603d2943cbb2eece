import { Protocol } from "../address.js";
import type { ServerHandlers, ServerMachine } from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiServer } from "../fastcgi/server.js";
import { createScgiServer } from "../scgi/server.js";
import { createUwsgiServer } from "../uwsgi/server.js";
import type { MachineOptions } from "./connection-owner.js";
import { defaultMaxConnections, defaultMaxRequests } from "./options.js";

export type CreateMachine = (
  handlers: ServerHandlers,
  options: MachineOptions,
  engine: Engine,
) => ServerMachine;

/** The machine of each gateway protocol that is served. HTTP has none: Node reads it. */
const machines = new Map<Protocol, CreateMachine>([
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
 * What makes the server's machine of a protocol.
 *
 * @throws GatewayError `bad_input` for a protocol that has no server
 */
export function serverMachineOf(protocol: Protocol): CreateMachine {
  const create = machines.get(protocol);
  if (create !== undefined) return create;
  throw new GatewayError(ErrorCode.BadInput, `there is no server for the protocol ${protocol}`);
}
