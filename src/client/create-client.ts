/// <reference lib="esnext.disposable" preserve="true" />
import type { Address } from "../address.js";
import { variablePairs } from "../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkOptions } from "./check-options.js";
import { keepConnections, targetAddress } from "./connect.js";
import { gatewayFetch } from "./fetch.js";
import type { GatewayFetchInit, GatewayFetchOptions } from "./fetch-options.js";
import type { KeepOptions } from "./kept-connections.js";
import type { GatewayResponse } from "./response-receiver.js";
import { siteOf } from "./script-files.js";

/** What all requests of a client have in common. */
export interface ClientOptions extends Omit<GatewayFetchOptions, "connections" | "signal"> {
  /**
   * Whether to keep connections for further requests, and how many, see {@link KeepOptions}: only
   * FastCGI has such. An idle one occupies a php-fpm worker. Default: false.
   */
  keep?: boolean | KeepOptions | undefined;
}

/** Sends requests to one backend. */
export interface GatewayClient {
  /**
   * Sends a request as `gatewayFetch` does. Options of `init` replace the client's, and `variables`
   * are added to its own.
   */
  fetch(input: string | URL | Request, init?: GatewayFetchInit): Promise<GatewayResponse>;
  /** Refuses further requests, waits for those that run, and closes kept connections. */
  close(): Promise<void>;
  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The options of each client. */
const optionsOf = new WeakMap<GatewayClient, ClientOptions>();

/**
 * The options that a client was created with.
 *
 * @throws TypeError for what {@link createClient} did not return
 */
export function clientOptions(client: GatewayClient): ClientOptions {
  const options = optionsOf.get(client);
  if (options === undefined) throw new TypeError("client: this is not what createClient returns");
  return options;
}

/**
 * Creates a client of one backend, which has its address and options once.
 *
 * @param target an address, see {@link parseAddress}
 * @param defaults the options of all requests
 * @throws GatewayError `bad_address`; `bad_input` for kept connections of another protocol than
 * FastCGI, and for a `frontController` without `root`
 * @throws TypeError that names a wrong argument
 */
export function createClient(
  target: string | Address,
  defaults: ClientOptions = {},
): GatewayClient {
  checkOptions("defaults", defaults);
  const address = targetAddress(target);
  const { keep, ...options } = defaults;
  // Before the first request, because a bad option throws.
  siteOf(options);
  const connections = keptBy(address, options, keep);
  const running = new Set<Promise<unknown>>();
  let isClosed = false;

  const send = async (
    input: string | URL | Request,
    init: GatewayFetchInit = {},
  ): Promise<GatewayResponse> => {
    checkOptions("init", init);
    if (isClosed) {
      throw new GatewayError(ErrorCode.BadInput, "the client is closed", { address: address.text });
    }
    const variables =
      options.variables && init.variables
        ? new Map([...variablePairs(options.variables), ...variablePairs(init.variables)])
        : (init.variables ?? options.variables);
    const answer = gatewayFetch(address, input, { ...options, connections, ...init, variables });
    const ended = answer.then((response) => response.ended).catch(() => {});
    running.add(ended);
    void ended.then(() => running.delete(ended));
    return answer;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    connections?.close();
    await Promise.all(running);
  };
  const client = { fetch: send, close, [Symbol.asyncDispose]: close };
  optionsOf.set(client, defaults);
  return client;
}

function keptBy(address: Address, options: ClientOptions, keep: ClientOptions["keep"] = false) {
  if (keep === false) return undefined;
  checkOptions("keep", keep === true ? {} : keep);
  return keepConnections(address, { ...options, ...(keep === true ? {} : keep) });
}
