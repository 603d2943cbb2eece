import { isIPv4, isIPv6 } from "node:net";
import { endianness } from "node:os";

/** The states of a socket in these tables. */
export const TcpState = { CloseWait: "08", Listen: "0A" } as const;
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
  const sockets = [...tcpRows(tables.tcp), ...tcpRows(tables.tcp6)].filter(
    (socket) => socket.state === TcpState.Listen && socket.port === port,
  );
  for (const place of placesOf(address)) {
    const found = sockets.filter((socket) => socket.address === place);
    if (found.length > 0) return found.map(({ inode }) => inode);
  }
  return [];
}

/**
 * The addresses, as 32 hexadecimal digits, of which a socket must have one to accept connections to
 * an address: itself, then `0.0.0.0`, then `::`. None for what is not an IP address.
 */
export function placesOf(address: string): readonly string[] {
  const hex = hexAddress(address);
  return hex === undefined ? [] : placesOfHex(hex);
}

/** {@link placesOf} for an address that is already hexadecimal. */
export function placesOfHex(hex: string): readonly string[] {
  return hex.startsWith(MAPPED) ? [hex, ANY4, ANY6] : [hex, ANY6];
}

/** A socket of the table. */
export interface TcpRow {
  /** 32 hexadecimal digits; IPv4 is mapped into IPv6. */
  readonly address: string;
  readonly port: number;
  /** One of `TcpState`, or another state of the kernel. */
  readonly state: string;
  /** Connections that wait to be accepted, if the socket listens; otherwise unread bytes. */
  readonly receiveQueue: number;
  /** 0 for a connection that was not accepted yet. */
  readonly inode: string;
  /** The other side as the kernel prints it: hexadecimal address and port. */
  readonly remote: string;
}

/** The rows of one table. */
export function tcpRows(table: string): TcpRow[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", remote = "", state, queues = "", , , , , inode] = line.trim().split(/\s+/);
    if (state === undefined || inode === undefined) return [];
    const [hex = "", port = ""] = local.split(":");
    const address = hex.length === 8 ? MAPPED + inOrder(hex) : inOrder(hex);
    const receiveQueue = Number.parseInt(queues.split(":")[1] ?? "0", 16);
    return [{ address, port: Number.parseInt(port, 16), state, receiveQueue, inode, remote }];
  });
}

/** The address that the kernel prints in one of its tables: `127.0.0.1`, `[::1]`. */
export function hexToAddress(printed: string): string {
  const hex = inOrder(printed);
  return addressText(hex.length === 8 ? MAPPED + hex : hex);
}

/** An address of 32 hexadecimal digits, as in {@link TcpRow}: `127.0.0.1`, `[::1]`. */
export function addressText(hex: string): string {
  if (!hex.startsWith(MAPPED)) {
    const groups = hex.match(/.{4}/g) ?? [];
    return new URL(`http://[${groups.join(":")}]/`).hostname;
  }
  const bytes = hex.slice(MAPPED.length).match(/../g) ?? [];
  return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
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
