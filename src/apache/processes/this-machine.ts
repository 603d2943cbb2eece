import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { withoutBrackets } from "../../address.js";
import { isOwnAddress } from "../../transport/own-address.js";

/**
 * Whether the host of a URL is this machine: all of its addresses are loopback addresses or belong
 * to an interface. A name that cannot be resolved is not.
 */
export async function isThisMachine(host: string): Promise<boolean> {
  const name = withoutBrackets(host).toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || name === hostname().toLowerCase()) {
    return true;
  }
  if (isOwnAddress(name)) return true;
  try {
    const addresses = await lookup(name, { all: true });
    return addresses.length > 0 && addresses.every(({ address }) => isOwnAddress(address));
  } catch {
    return false;
  }
}
