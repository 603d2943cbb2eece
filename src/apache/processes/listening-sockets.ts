import { isIPv4, isIPv6 } from "node:net";
import { endianness } from "node:os";

const LISTEN = "0A";
/** `::` in hexadecimal, the prefix of mapped IPv4 addresses, and the mapped `0.0.0.0`. */
const ANY6 = "0".repeat(32);
const MAPPED = `${"0".repeat(20)}ffff`;
const ANY4 = `${MAPPED}00000000`;

/** The tables of TCP sockets: the texts of `/proc/net/tcp` and `/proc/net/tcp6`. */
export interface TcpTables {
  readonly tcp: string;
  /** Empty if the kernel has no IPv6. */
  readonly tcp6: string;
}

/**
 * The inodes of the sockets that accept connections to an address and a port. Like the kernel, it
 * prefers the exact address, then `0.0.0.0`, then `::`. Several sockets can share the port
 * (`SO_REUSEPORT`).
 *
 * @param address an address of this machine
 */
export function listenersAt(tables: TcpTables, address: string, port: number): string[] {
  const wanted = hexAddress(address);
  if (wanted === undefined) return [];
  const sockets = [...listeners(tables.tcp), ...listeners(tables.tcp6)];
  const at = (hex: string) =>
    sockets.filter((socket) => socket.port === port && socket.address === hex);
  const isIpv4 = wanted.startsWith(MAPPED);
  for (const place of isIpv4 ? [wanted, ANY4, ANY6] : [wanted, ANY6]) {
    const found = at(place);
    if (found.length > 0) return found.map(({ inode }) => inode);
  }
  return [];
}

interface ListeningSocket {
  /** 32 hexadecimal digits; IPv4 is mapped into IPv6. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

function listeners(table: string): ListeningSocket[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTEN || inode === undefined) return [];
    const [hex = "", port = ""] = local.split(":");
    const address = hex.length === 8 ? MAPPED + inOrder(hex) : inOrder(hex);
    return [{ address, port: Number.parseInt(port, 16), inode }];
  });
}

/** The kernel prints an address as words of four bytes, in the byte order of the machine. */
function inOrder(hex: string): string {
  const words = hex.toLowerCase().match(/.{8}/g) ?? [];
  const isLittle = endianness() === "LE";
  return words.map((word) => (isLittle ? word.match(/../g)?.reverse().join("") : word)).join("");
}

/** An address as 32 hexadecimal digits, IPv4 mapped into IPv6; `undefined` for any other text. */
function hexAddress(text: string): string | undefined {
  const address = text.replace(/%.*$/, "");
  if (isIPv4(address)) return MAPPED + hexOfIPv4(address);
  if (!isIPv6(address)) return undefined;
  // A URL normalizes an IPv6 address: groups, and `::` for the zeros.
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join("");
}

function hexOfIPv4(address: string): string {
  const bytes = address.split(".").map(Number);
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
