import type { Address } from "../address.js";
import { channelsTo } from "../client/connect.js";
import { GatewayError, withAddress } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import { fetchPage } from "./fetch-page.js";

/** Reads the short status page of a pool once, or why it cannot be read. */
export async function readStatus(
  address: Address,
  path: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<PoolStatus | GatewayError> {
  try {
    const open = channelsTo(address, { connectTimeout: timeout });
    // A worker can write all of the short page even if nobody reads.
    const options = { timeout, drainTimeout: 0, signal };
    return parseStatusPage((await fetchPage(open, { path, query: "" }, options)).body);
  } catch (error) {
    const failure = withAddress(error, address.text);
    if (failure instanceof GatewayError) return failure;
    throw failure;
  }
}
