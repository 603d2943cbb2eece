import { resolve } from "node:path";
import { Protocol } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type Address, type ConnectOptions, channelsTo, parseAddress } from "./connect.js";
import type { GatewayResponse } from "./gateway-response.js";
import type { KeptConnections } from "./kept-connections.js";
import { type FetchOptions, fetchThrough } from "./send-request.js";
import {
  type Backend,
  type OutgoingRequest,
  type SendOptions,
  sendThrough,
} from "./send-through.js";

export interface GatewayFetchOptions extends FetchOptions, ConnectOptions {
  /** Connections to use again, see {@link keepConnections}. Default: one for this request alone. */
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
  const address = typeof target === "string" ? parseAddress(target) : target;
  const { endpoint } = address;
  return withAddress(address, () => {
    const program = "program" in endpoint ? resolve(endpoint.program) : undefined;
    const scriptFilename = options.scriptFilename ?? program;
    return fetchThrough(backendAt(address, options), request, { ...options, scriptFilename });
  });
}

/**
 * Sends variables and a body to the backend at an address, just as they are.
 *
 * @throws GatewayError
 */
export async function gatewaySend(
  address: Address,
  request: OutgoingRequest,
  options: SendOptions & ConnectOptions,
): Promise<GatewayResponse> {
  return withAddress(address, () => sendThrough(backendAt(address, options), request, options));
}

function backendAt(address: Address, options: GatewayFetchOptions): Backend {
  const { protocol, text } = address;
  if (options.connections !== undefined && protocol !== Protocol.FastCgi) {
    throw new GatewayError(ErrorCode.BadInput, "only FastCGI connections are used again");
  }
  const open = options.connections?.open ?? channelsTo(address, options);
  return { open, protocol, address: text };
}

async function withAddress<Value>({ text }: Address, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof GatewayError ? error.with({ address: text }) : error;
  }
}
