import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";

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

/** Whether an address is of this machine: of the loopback, or of an interface. */
export function isOwnAddress(text: string): boolean {
  const address = unmapped(text.replace(/%.*$/, "").toLowerCase());
  if (/^127\./.test(address) || address === "::1") return true;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some((own) => own.address === address);
}

/** `::ffff:127.0.0.1`, and how a URL writes it, is the IPv4 address. */
function unmapped(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const words = [high, low].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join(".");
}
