import { isIPv4, isIPv6 } from "node:net";
import { endianness } from "node:os";

const LISTEN = "0A";
/** As the kernel prints `::`, and `0.0.0.0` as IPv6 maps it. */
const ANY6 = "0".repeat(32);
const MAPPED = `${"0".repeat(20)}ffff`;
const ANY4 = `${MAPPED}00000000`;

/** The tables of TCP sockets, as `/proc/net/tcp` and `/proc/net/tcp6` have them. */
export interface TcpTables {
  readonly tcp: string;
  /** "" where the kernel has no IPv6. */
  readonly tcp6: string;
}

/**
 * The sockets that take connections to an address and a port, by their inodes: those that listen
 * at that very address, or else at all of them, IPv4's before IPv6's, as the kernel chooses. There
 * are several where they share the port (`SO_REUSEPORT`).
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
  /** 32 digits; IPv4 is mapped. */
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

/** 32 digits, IPv4 mapped into IPv6; `undefined` for what is no address. */
function hexAddress(text: string): string | undefined {
  const address = text.replace(/%.*$/, "");
  if (isIPv4(address)) return MAPPED + hexOfIPv4(address);
  if (!isIPv6(address)) return undefined;
  // A URL writes every form of an IPv6 address in one way: groups, and `::` for the zeros.
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
