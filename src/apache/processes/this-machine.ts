import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import { withoutBrackets } from "../../address.js";

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

/** Whether an address belongs to this machine: to the loopback or to another interface. */
export function isOwnAddress(text: string): boolean {
  const address = unmapped(text.replace(/%.*$/, "").toLowerCase());
  if (/^127\./.test(address) || address === "::1") return true;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some((own) => own.address === address);
}

/** The IPv4 address in a mapped one: in `::ffff:127.0.0.1` and in `::ffff:7f00:1`. */
function unmapped(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const words = [high, low].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join(".");
}
