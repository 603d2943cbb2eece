import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { isOwnAddress } from "../apache/processes/this-machine.js";

/**
 * Whether a host of a URL is the machine that this runs on: the loopback, or an address of an
 * interface. A name that cannot be looked up is not.
 */
export async function isThisMachine(host: string): Promise<boolean> {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
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
