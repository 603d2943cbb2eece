import { utf8 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type Address, channelsTo, parseAddress } from "../gateway/connector.js";
import { parseStatusPage } from "./page.js";
import type { PoolStatus } from "./pool-status.js";
import { type PageOptions, readPage } from "./read-page.js";
import { type StatusPageOptions, statusQuery } from "./status-query.js";

export interface StatusOptions extends PageOptions, StatusPageOptions {
  /** Milliseconds until a connection that is not made is given up. Default: the timeout. */
  connectTimeout?: number | undefined;
}

/**
 * The status of a PHP-FPM pool, read over FastCGI.
 *
 * @param target an address, see {@link parseAddress}: `unix:/run/php/php8.2-fpm.sock:/status`
 * @throws GatewayError
 */
export async function status(
  target: string | Address,
  options: StatusOptions = {},
): Promise<PoolStatus> {
  return parseStatusPage(await statusPage(target, options));
}

/**
 * The status page of a PHP-FPM pool as the pool sent it.
 *
 * @throws GatewayError
 */
export async function statusPage(
  target: string | Address,
  options: StatusOptions = {},
): Promise<Uint8Array> {
  return readFrom(target, "/status", statusQuery(options), options);
}

/**
 * Asks a PHP-FPM pool for a sign of life: its `ping.response`, which is `pong` by default.
 *
 * @throws GatewayError
 */
export async function ping(
  target: string | Address,
  options: Omit<StatusOptions, "full" | "format"> = {},
): Promise<string> {
  const page = await readFrom(target, "/ping", "", options);
  return utf8(page);
}

async function readFrom(
  target: string | Address,
  defaultPath: string,
  query: string,
  options: StatusOptions,
): Promise<Uint8Array> {
  const address = typeof target === "string" ? parseAddress(target) : target;
  try {
    const open = channelsTo(fastCgiOnly(address), {
      connectTimeout: options.connectTimeout ?? options.timeout,
    });
    const path = address.path ?? options.path ?? defaultPath;
    return await readPage(open, { path, query }, options);
  } catch (error) {
    throw error instanceof GatewayError ? error.with({ address: address.text }) : error;
  }
}

function fastCgiOnly(address: Address): Address {
  if (address.protocol === "fcgi") return address;
  throw new GatewayError(
    ErrorCode.BadAddress,
    `PHP-FPM speaks FastCGI, and the address says ${address.protocol}`,
    { address: address.text },
  );
}
