import { resolve } from "node:path";
import { type Address, Protocol } from "../address.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";
import { channelsOver, type KeptConnections } from "./kept-connections.js";
import type { GatewayResponse } from "./response-receiver.js";
import {
  type Backend,
  type FetchOptions,
  fetchThrough,
  type OutgoingRequest,
  type SendOptions,
  sendThrough,
} from "./send-request.js";

export interface GatewayFetchOptions extends FetchOptions, ConnectOptions {
  /**
   * Connections to use, see {@link keepConnections}: they must lead to the backend
   * of `target`. Default: a new connection to `target`.
   */
  connections?: KeptConnections | undefined;
}

/**
 * Sends a request to the backend at an address and returns its response, whose body streams.
 *
 * @param target an address, see {@link parseAddress}: `unix:/run/php/php8.2-fpm.sock`, or a CGI
 * program that is run for this request: `cgi:/usr/lib/cgi-bin/x`
 * @throws GatewayError
 */
export async function gatewayFetch(
  target: string | Address,
  request: Request,
  options: GatewayFetchOptions = {},
): Promise<GatewayResponse> {
  const address = targetAddress(target);
  const { endpoint } = address;
  try {
    const program = "program" in endpoint ? resolve(endpoint.program) : undefined;
    const scriptFilename = options.scriptFilename ?? program;
    const backend = backendAt(address, options);
    return await fetchThrough(backend, request, { ...options, scriptFilename });
  } catch (error) {
    throw withAddress(error, address.text);
  }
}

/**
 * Sends variables and a body to the backend at an address, as they are.
 *
 * @throws GatewayError
 */
export async function gatewaySend(
  address: Address,
  request: OutgoingRequest,
  options: SendOptions & ConnectOptions,
): Promise<GatewayResponse> {
  try {
    return await sendThrough(backendAt(address, options), request, options);
  } catch (error) {
    throw withAddress(error, address.text);
  }
}

function backendAt(address: Address, options: GatewayFetchOptions): Backend {
  const { protocol, text } = address;
  if (options.connections !== undefined && protocol !== Protocol.FastCgi) {
    throw new GatewayError(ErrorCode.BadInput, "only FastCGI connections are used again");
  }
  const { connections } = options;
  const open =
    connections === undefined ? channelsTo(address, options) : channelsOver(connections, address);
  return { open, protocol, address: text };
}
