import { Protocol } from "../address.js";
import { listenOn, parseListenAddress } from "../transport/node-listener.js";
import type { Application } from "./application.js";
import { type GatewayServer, NodeGatewayServer } from "./gateway-server.js";
import { openerOf } from "./open-connection.js";
import { type ServeOptions, timeoutsOf } from "./options.js";

export type { Application, GatewayServer, ServeOptions };

/**
 * Serves an application behind a gateway protocol, or over HTTP. One that takes connections speaks
 * its protocol itself.
 *
 * @throws GatewayError `bad_address` or `permission_denied` when it cannot listen, `bad_input` for
 * a protocol that has no server
 */
export async function serve(
  application: Application,
  options: ServeOptions,
): Promise<GatewayServer> {
  const { listen } = options;
  const target = typeof listen === "string" ? parseListenAddress(listen) : listen;
  const named = "endpoint" in target ? target.protocol : Protocol.FastCgi;
  const protocol = options.protocol ?? named;
  const open = openerOf(protocol, { limits: options.limits, timeouts: timeoutsOf(options) });
  const server = await listenOn(target, options);
  return new NodeGatewayServer(application, server, protocol, open, options);
}
