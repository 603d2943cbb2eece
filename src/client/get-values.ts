import type { Address } from "../address.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import { ValuesClient, valueNames } from "../fastcgi/management.js";
import { defaultTimeout } from "../limits.js";
import { checkOptions } from "./check-options.js";
import { collect } from "./collect.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";

export interface ValuesOptions extends ConnectOptions {
  /**
   * Milliseconds that the answer may take. Default: 5,000; 0 leaves no time. Many applications never
   * answer.
   */
  timeout?: number | undefined;
  /** Cancels the request. */
  signal?: AbortSignal | undefined;
}

/**
 * Asks a FastCGI application for its values (FastCGI 1.0 §4.1): how many connections and requests
 * it accepts, and whether it multiplexes. php-fpm answers only FCGI_MPXS_CONNS, and needs a free
 * worker for it.
 *
 * @param names the values to ask for. Default: the three that FastCGI defines
 * @throws GatewayError
 */
export async function getValues(
  target: string | Address,
  names: readonly string[] = valueNames,
  options: ValuesOptions = {},
): Promise<Map<string, string>> {
  checkOptions("options", options);
  const address = targetAddress(target);
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw new GatewayError(ErrorCode.BadInput, "names is not a list of texts", {
      address: address.text,
      hint: "the options are the third argument: getValues(target, undefined, options)",
    });
  }
  let client: ValuesClient | undefined;
  try {
    await collect(
      channelsTo(address, options),
      (handlers) => {
        client = new ValuesClient(names, handlers);
        return client;
      },
      {
        timeout: options.timeout ?? defaultTimeout,
        maxLength: 0,
        signal: options.signal,
        drainTimeout: 0,
      },
    );
    return client?.values ?? new Map();
  } catch (error) {
    throw withAddress(error, address.text);
  }
}
