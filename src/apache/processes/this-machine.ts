import { networkInterfaces } from "node:os";

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
