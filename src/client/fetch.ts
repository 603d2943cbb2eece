import { resolve } from "node:path";
import { type Address, Protocol } from "../address.js";
import { scriptVariables, sitePath } from "../cgi/front-controller.js";
import { variablePairs } from "../cgi/variables-from-request.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import { checkOptions } from "./check-options.js";
import { chooseScript } from "./choose-script.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";
import { requestOf } from "./fetch-arguments.js";
import type { GatewayFetchInit, GatewayFetchOptions } from "./fetch-options.js";
import { channelsOver } from "./kept-connections.js";
import type { GatewayResponse } from "./response-receiver.js";
import { siteOf } from "./script-files.js";
import {
  anySignal,
  type Backend,
  defaultRequestTimeout,
  fetchThrough,
  type OutgoingRequest,
  type SendOptions,
  sendThrough,
} from "./send-request.js";

/**
 * Sends a request to the backend at an address and returns its response, whose body streams.
 *
 * @param target an address, see {@link parseAddress}: `unix:/run/php/php8.2-fpm.sock`, or a CGI
 * program that is run for this request: `cgi:/usr/lib/cgi-bin/x`
 * @param input as `fetch` takes it. A path such as `/index.php?page=1` is one of `http://localhost`
 * @param init as `fetch` takes it, with our options. With a Request, its fields replace those of the
 * Request, as in `new Request(input, init)`
 * @throws GatewayError
 * @throws TypeError that names a wrong argument, and as `new Request` does
 */
export async function gatewayFetch(
  target: string | Address,
  input: string | URL | Request,
  init: GatewayFetchInit = {},
): Promise<GatewayResponse> {
  checkOptions("init", init);
  const address = targetAddress(target);
  const { endpoint } = address;
  try {
    const { request, contentLength } = await requestOf(input, init);
    const program = "program" in endpoint ? resolve(endpoint.program) : undefined;
    const options = {
      ...init,
      signal: init.signal ?? undefined,
      scriptFilename: init.scriptFilename ?? program,
      contentLength,
    };
    const site = siteOf(init);
    if (site !== undefined) {
      const path = sitePath(new URL(request.url).pathname);
      const { timeout = defaultRequestTimeout } = init;
      const signal = anySignal(request.signal, init.signal);
      const chosen = await chooseScript(site, path, timeout, signal);
      const given = variablePairs(init.variables ?? []);
      options.variables = new Map([...scriptVariables(chosen, site.documentRoot), ...given]);
    }
    return await fetchThrough(backendAt(address, init), request, options);
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

function backendAt(
  address: Address,
  options: ConnectOptions & Pick<GatewayFetchOptions, "connections">,
): Backend {
  const { protocol, text } = address;
  if (options.connections !== undefined && protocol !== Protocol.FastCgi) {
    throw new GatewayError(ErrorCode.BadInput, "only FastCGI connections are used again");
  }
  const { connections } = options;
  const open =
    connections === undefined ? channelsTo(address, options) : channelsOver(connections, address);
  return { open, protocol, address: text };
}
