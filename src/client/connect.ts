import { existsSync } from "node:fs";
import { type Address, Protocol, parseAddress } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultTimeout } from "../limits.js";
import type { Connector, SocketOptions } from "../transport/connection.js";
import { nodeConnector } from "../transport/node-socket.js";
import { connectionPerRequest, type OpenChannel } from "./channel.js";
import { checkOptions } from "./check-options.js";
import { timerDelay } from "./exchange.js";
import { type KeepOptions, type KeptConnections, keep } from "./kept-connections.js";
import { type ProgramOptions, programPerRequest } from "./program-channel.js";

/**
 * The address of a target. A socket whose path has `:` or `;` in it is found when it exists.
 *
 * @throws GatewayError `bad_address`
 * @throws TypeError for what is neither a string nor an address
 */
export function targetAddress(target: string | Address): Address {
  if (typeof target === "string") return parseAddress(target, existsSync);
  if (typeof target === "object" && target?.endpoint !== undefined) return target;
  throw new TypeError(`address: ${String(target)} is neither a string nor an Address`);
}

export interface ConnectOptions extends SocketOptions {
  /** How the program of a `cgi:` address runs. */
  program?: ProgramOptions | undefined;
}

/** Channels to an address: a new connection for each request, or with CGI a run of the program. */
export function channelsTo(address: Address, options: ConnectOptions = {}): OpenChannel {
  const { endpoint } = address;
  if ("program" in endpoint) {
    return programPerRequest(endpoint.program, { ...options.program, trace: options.trace });
  }
  return connectionPerRequest(socketConnector(address, options));
}

/**
 * Keeps connections to an address for further requests. Pass the result to `gatewayFetch`, and close
 * it when it is not needed any more.
 *
 * @throws GatewayError `bad_input` for other protocols than FastCGI: their connections carry one
 * request
 */
export function keepConnections(
  target: string | Address,
  options: ConnectOptions & KeepOptions = {},
): KeptConnections {
  checkOptions("options", options);
  const address = targetAddress(target);
  if (address.protocol !== Protocol.FastCgi) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `${address.protocol} has a connection for each request: there is none to keep`,
      { address: address.text },
    );
  }
  return keep(socketConnector(address, options), options, address);
}

function socketConnector(address: Address, options: SocketOptions): Connector {
  const { connectTimeout = defaultTimeout } = options;
  if (connectTimeout === Number.POSITIVE_INFINITY) return nodeConnector(address, options);
  const delay = timerDelay("connectTimeout", connectTimeout);
  return nodeConnector(address, { ...options, connectTimeout: delay });
}
