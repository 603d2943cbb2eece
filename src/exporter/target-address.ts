import type { Address, SocketEndpoint } from "../address.js";
import { targetAddress } from "../client/connect.js";
import type { ScrapeTarget } from "./target.js";

const known = new WeakMap<ScrapeTarget, Map<string, Address>>();

/**
 * One of the addresses of a target. It is parsed once, until {@link forgetAddresses}: which files
 * exist decides where the path of a socket ends, and to ask for them takes 8 µs.
 *
 * @throws GatewayError `bad_address`
 */
export function parsedAddress(target: ScrapeTarget, text: string): Address {
  const addresses = known.get(target) ?? new Map<string, Address>();
  known.set(target, addresses);
  let address = addresses.get(text);
  if (address === undefined) {
    address = targetAddress(text);
    addresses.set(text, address);
  }
  return address;
}

/** Parses the addresses of a target again at their next use, after a read of it has failed. */
export function forgetAddresses(target: ScrapeTarget): void {
  known.delete(target);
}

/**
 * The socket whose accept queue is that of a pool; `undefined` if its address names none. The address
 * of the target may be that of `pm.status_listen`, whose queue is another one.
 */
export function queueSocket(target: ScrapeTarget): SocketEndpoint | undefined {
  const { connectTo, configuration, address } = target;
  try {
    const { endpoint } = parsedAddress(target, connectTo ?? configuration?.listen ?? address);
    return "program" in endpoint ? undefined : endpoint;
  } catch {
    return undefined;
  }
}
