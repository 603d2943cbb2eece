import { resolve } from "node:path";
import { ErrorCode, GatewayError } from "../errors.js";
import { Protocol } from "../transport/address.js";
import { type Address, type ConnectOptions, channelsTo, parseAddress } from "./connector.js";
import { type FetchOptions, fetchThrough } from "./fetch-through.js";
import type { GatewayResponse } from "./gateway-response.js";
import type { KeptConnections } from "./kept-connections.js";

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
  const { protocol, endpoint } = address;
  try {
    if (options.connections !== undefined && protocol !== Protocol.FastCgi) {
      throw new GatewayError(ErrorCode.BadInput, "only FastCGI connections are used again");
    }
    const open = options.connections?.open ?? channelsTo(address, options);
    const program = "program" in endpoint ? resolve(endpoint.program) : undefined;
    const scriptFilename = options.scriptFilename ?? program;
    return await fetchThrough(open, protocol, request, { ...options, scriptFilename });
  } catch (error) {
    throw error instanceof GatewayError ? error.with({ address: address.text }) : error;
  }
}
