/** A packet from its first header to the bytes of TCP in it. */
import { latin1, viewOf } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { CapturedPacket } from "./packet-file.js";

/** An address and a port. */
export interface TcpEndpoint {
  /** The bytes of the address: 4 or 16. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** A segment of TCP. */
export interface TcpSegment {
  readonly source: TcpEndpoint;
  readonly destination: TcpEndpoint;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** The bits of {@link TcpFlag}. */
  readonly flags: number;
  /** The bytes that were captured. */
  readonly payload: Uint8Array;
  /** Bytes that were sent: more than `payload` has when the capture cuts packets. */
  readonly length: number;
}

export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Ack: 16 } as const;

/** What a packet is that has no segment to read. */
export type OtherPacket =
  | "packets without TCP"
  | "fragments of packets"
  | "packets cut in a header";

const LinkType = {
  Null: 0,
  Ethernet: 1,
  RawOpenBsd: 12,
  RawOther: 14,
  Raw: 101,
  Loop: 108,
  LinuxCooked: 113,
  Ipv4: 228,
  Ipv6: 229,
  LinuxCooked2: 276,
} as const;

const EtherType = { Ipv4: 0x0800, Ipv6: 0x86dd, Vlan: 0x8100, VlanOfProvider: 0x88a8 } as const;
const IpProtocol = { HopByHop: 0, Tcp: 6, Routing: 43, Fragment: 44, Options: 60 } as const;

/**
 * The TCP segment in a packet.
 *
 * @throws GatewayError `malformed` for a link type that is not known, with the offset in the file
 */
export function segmentOf({ linkType, bytes, offset }: CapturedPacket): TcpSegment | OtherPacket {
  const view = viewOf(bytes);
  try {
    switch (linkType) {
      case LinkType.Null:
      case LinkType.Loop:
        return ip(view, 4);
      case LinkType.Ethernet:
        return ethernet(view, 12);
      case LinkType.Raw:
      case LinkType.RawOpenBsd:
      case LinkType.RawOther:
      case LinkType.Ipv4:
      case LinkType.Ipv6:
        return ip(view, 0);
      case LinkType.LinuxCooked:
        return ethernet(view, 14);
      case LinkType.LinuxCooked2:
        return isIp(view.getUint16(0)) ? ip(view, 20) : "packets without TCP";
    }
  } catch (error) {
    // The packet ends inside a header.
    if (error instanceof RangeError) return "packets cut in a header";
    throw error;
  }
  throw new GatewayError(
    ErrorCode.Malformed,
    `the packet at byte ${offset} is of the link type ${linkType}, which is not known`,
    { offset, hint: "capture on an Ethernet or loopback interface, or on any" },
  );
}

const isIp = (etherType: number) => etherType === EtherType.Ipv4 || etherType === EtherType.Ipv6;

/** @param at where the type stands: the tags of VLANs may come before the one of IP */
function ethernet(view: DataView, at: number): TcpSegment | OtherPacket {
  for (;;) {
    const etherType = view.getUint16(at);
    if (isIp(etherType)) return ip(view, at + 2);
    if (etherType !== EtherType.Vlan && etherType !== EtherType.VlanOfProvider)
      return "packets without TCP";
    at += 4;
  }
}

function ip(view: DataView, at: number): TcpSegment | OtherPacket {
  const version = view.getUint8(at) >> 4;
  if (version === 4) return ipv4(view, at);
  return version === 6 ? ipv6(view, at) : "packets without TCP";
}

function ipv4(view: DataView, at: number): TcpSegment | OtherPacket {
  if (view.getUint8(at + 9) !== IpProtocol.Tcp) return "packets without TCP";
  // The flag of more fragments, and the offset of this one.
  if ((view.getUint16(at + 6) & 0x3fff) !== 0) return "fragments of packets";
  const header = (view.getUint8(at) & 15) * 4;
  // The kernel leaves 0 in packets that it hands to the network card to be cut.
  const total = view.getUint16(at + 2) || view.byteLength - at;
  return tcp(view, at + header, total - header, addressesOf(view, at + 12, 4));
}

function ipv6(view: DataView, at: number): TcpSegment | OtherPacket {
  const addresses = addressesOf(view, at + 8, 16);
  const start = at + 40;
  const end = start + (view.getUint16(at + 4) || view.byteLength - start);
  let next = view.getUint8(at + 6);
  let position = start;
  while (position < end) {
    switch (next) {
      case IpProtocol.Tcp:
        return tcp(view, position, end - position, addresses);
      case IpProtocol.HopByHop:
      case IpProtocol.Routing:
      case IpProtocol.Options:
        next = view.getUint8(position);
        position += 8 + view.getUint8(position + 1) * 8;
        break;
      default:
        return next === IpProtocol.Fragment ? "fragments of packets" : "packets without TCP";
    }
  }
  return "packets cut in a header";
}

interface Addresses {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function addressesOf(view: DataView, at: number, size: number): Addresses {
  const source = new Uint8Array(view.buffer, view.byteOffset + at, size);
  return { source, destination: new Uint8Array(view.buffer, source.byteOffset + size, size) };
}

/** @param length bytes of the header and the payload, as IP has it */
function tcp(
  view: DataView,
  at: number,
  length: number,
  { source, destination }: Addresses,
): TcpSegment | OtherPacket {
  const header = (view.getUint8(at + 12) >> 4) * 4;
  const flags = view.getUint8(at + 13);
  if (header < 20 || header > length) return "packets cut in a header";
  const start = Math.min(at + header, view.byteLength);
  const end = Math.min(at + length, view.byteLength);
  return {
    source: { address: source, port: view.getUint16(at) },
    destination: { address: destination, port: view.getUint16(at + 2) },
    sequence: view.getUint32(at + 4),
    acknowledgement: view.getUint32(at + 8),
    flags,
    payload: new Uint8Array(view.buffer, view.byteOffset + start, end - start),
    length: length - header,
  };
}

/** An endpoint as a text that is the same for the same endpoint. */
export function endpointKey({ address, port }: TcpEndpoint): string {
  return `${latin1(address)} ${port}`;
}

/** An endpoint for people: `127.0.0.1:9000` or `[::1]:9000`. */
export function endpointText({ address, port }: TcpEndpoint): string {
  if (address.length === 4) return `${address.join(".")}:${port}`;
  const groups: string[] = [];
  for (let at = 0; at < address.length; at += 2) {
    groups.push(((address[at]! << 8) | address[at + 1]!).toString(16));
  }
  const text = groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
  return `[${text}]:${port}`;
}
