import { BlockList, isIP, isIPv4 } from "node:net";
import { placesOf } from "../../transport/tcp-table.js";

/** A range of addresses, as in `10.0.0.0/8`. A single address is a range of one. */
export interface Network {
  /** Whether its address has no bits after the prefix, as `10.0.0.1/8` has. */
  readonly isExact: boolean;
  /** Whether an address, as the resolver gives it, is in the range. */
  contains(address: string): boolean;
}

const mapped = new BlockList();
mapped.addSubnet("::ffff:0:0", 96, "ipv6");

/**
 * Reads `10.0.0.0/8`, `10.0.0.7`, `fd00::/8` or `fd00::1`, without brackets.
 *
 * @returns `undefined` for anything else
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", bits, more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined || address.includes("%")) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? longest : Number(bits);
  if (prefix > longest) return undefined;
  const list = new BlockList();
  list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  const isMappedRange = version === 6 && prefix >= 96 && mapped.check(address, "ipv6");
  return {
    isExact: (bitsOf(address) & ((1n << BigInt(longest - prefix)) - 1n)) === 0n,
    contains(candidate) {
      if (isIPv4(candidate)) return list.check(candidate, "ipv4");
      if (isIP(candidate) !== 6 || candidate.includes("%")) return false;
      // ::ffff:10.0.0.1 is 10.0.0.1, so that ::/0 does not contain it.
      if (version === 6 && !isMappedRange && mapped.check(candidate, "ipv6")) return false;
      return list.check(candidate, "ipv6");
    },
  };
}

/** An address as a number; IPv4 is mapped into IPv6. */
function bitsOf(address: string): bigint {
  return BigInt(`0x${placesOf(address)[0] ?? "0"}`);
}
