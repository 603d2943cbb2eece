import { networkInterfaces } from "node:os";

/** The addresses of this machine's interfaces, as they are now. */
export function interfaceAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => address));
}

/**
 * Whether an address belongs to this machine: to the loopback or to another interface.
 *
 * @param interfaces for many questions at once. Default: read now
 */
export function isOwnAddress(text: string, interfaces = interfaceAddresses): boolean {
  const address = unmapped(text.replace(/%.*$/, "").toLowerCase());
  if (/^127\./.test(address) || address === "::1") return true;
  return interfaces().has(address);
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
