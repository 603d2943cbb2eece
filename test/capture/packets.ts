import { join } from "../fastcgi/records-of.js";

/** Packets and their files, as the formats have them: bytes that captures are made of. */

export const SYN = 2;
export const FIN = 1;
export const RST = 4;
const ACK = 16;

export interface Sent {
  /** Whether the client, at port 40000, sends it to the backend, at port 9000. */
  fromClient: boolean;
  sequence: number;
  /** Also sets the flag ACK. */
  acknowledgement?: number;
  flags?: number;
  payload?: Uint8Array | string;
  ports?: readonly [client: number, backend: number];
}

const bytesOf = (payload: Uint8Array | string) =>
  typeof payload === "string" ? new Uint8Array(Buffer.from(payload, "latin1")) : payload;

/** TCP's header, 20 bytes and four of options, and the payload. */
function tcp({ fromClient, sequence, acknowledgement, flags = 0, payload = "", ports }: Sent) {
  const [client, backend] = ports ?? [40_000, 9_000];
  const header = new DataView(new ArrayBuffer(24));
  header.setUint16(0, fromClient ? client : backend);
  header.setUint16(2, fromClient ? backend : client);
  header.setUint32(4, sequence);
  header.setUint32(8, acknowledgement ?? 0);
  header.setUint8(12, 6 << 4);
  header.setUint8(13, flags | (acknowledgement === undefined ? 0 : ACK));
  header.setUint32(20, 0x01010101);
  return join(new Uint8Array(header.buffer), bytesOf(payload));
}

/** IPv4 from 10.0.0.1 to 10.0.0.2, or back. */
export function ipv4(sent: Sent): Uint8Array {
  const content = tcp(sent);
  const header = new DataView(new ArrayBuffer(20));
  header.setUint8(0, 0x45);
  header.setUint16(2, 20 + content.length);
  header.setUint16(6, 0x4000);
  header.setUint8(9, 6);
  header.setUint32(12, sent.fromClient ? 0x0a000001 : 0x0a000002);
  header.setUint32(16, sent.fromClient ? 0x0a000002 : 0x0a000001);
  return join(new Uint8Array(header.buffer), content);
}

/** IPv6 from fd00::1 to fd00::2, or back, with a header of options before TCP's. */
export function ipv6(sent: Sent): Uint8Array {
  const options = Uint8Array.of(6, 0, 1, 4, 0, 0, 0, 0);
  const content = join(options, tcp(sent));
  const header = new DataView(new ArrayBuffer(40));
  header.setUint8(0, 0x60);
  header.setUint16(4, content.length);
  header.setUint8(6, 0);
  for (const at of [8, 24]) header.setUint8(at, 0xfd);
  header.setUint8(23, sent.fromClient ? 1 : 2);
  header.setUint8(39, sent.fromClient ? 2 : 1);
  return join(new Uint8Array(header.buffer), content);
}

const zeros = (length: number) => new Uint8Array(length);
const typeOf = (packet: Uint8Array) =>
  packet[0] === 0x45 ? Uint8Array.of(8, 0) : Uint8Array.of(0x86, 0xdd);

/** Link types by their numbers, and the header that they put before IP. */
export const links = new Map<string, [linkType: number, frame: (ip: Uint8Array) => Uint8Array]>([
  ["Ethernet", [1, (ip) => join(zeros(12), typeOf(ip), ip)]],
  [
    "Ethernet with a VLAN",
    [1, (ip) => join(zeros(12), Uint8Array.of(0x81, 0, 0, 7), typeOf(ip), ip)],
  ],
  ["Linux cooked", [113, (ip) => join(zeros(14), typeOf(ip), ip)]],
  ["Linux cooked 2", [276, (ip) => join(typeOf(ip), zeros(18), ip)]],
  ["BSD loopback", [0, (ip) => join(Uint8Array.of(2, 0, 0, 0), ip)]],
  ["OpenBSD loopback", [108, (ip) => join(Uint8Array.of(0, 0, 0, 2), ip)]],
  ["raw IP", [101, (ip) => ip]],
]);

/** A file of pcap. Packets longer than `snap` are cut. */
export function pcap(
  packets: readonly Uint8Array[],
  { linkType = 101, littleEndian = true, magic = 0xa1b2c3d4, snap = 262_144 } = {},
): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, magic, littleEndian);
  header.setUint16(4, 2, littleEndian);
  header.setUint16(6, 4, littleEndian);
  header.setUint32(16, snap, littleEndian);
  header.setUint32(20, linkType, littleEndian);
  const records = packets.map((packet) => {
    const head = new DataView(new ArrayBuffer(16));
    head.setUint32(8, Math.min(packet.length, snap), littleEndian);
    head.setUint32(12, packet.length, littleEndian);
    return join(new Uint8Array(head.buffer), packet.subarray(0, snap));
  });
  return join(new Uint8Array(header.buffer), ...records);
}

/** A block of pcapng. */
export function block(type: number, content: Uint8Array, littleEndian = true): Uint8Array {
  const padded = join(content, zeros(-content.length & 3));
  const ends = new DataView(new ArrayBuffer(8));
  ends.setUint32(0, type, littleEndian);
  ends.setUint32(4, padded.length + 12, littleEndian);
  const length = new Uint8Array(ends.buffer, 4);
  return join(new Uint8Array(ends.buffer), padded, length);
}

function words(littleEndian: boolean, ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value, littleEndian);
  return new Uint8Array(view.buffer);
}

/** A section of pcapng with one interface, whose packets are in enhanced, simple or old blocks. */
export function pcapng(
  packets: readonly Uint8Array[],
  { linkType = 101, littleEndian = true, kind = 6 } = {},
): Uint8Array {
  const word = (...values: number[]) => words(littleEndian, ...values);
  const halves = new DataView(new ArrayBuffer(4));
  halves.setUint16(0, linkType, littleEndian);
  const blocks = packets.map((packet) => {
    const { length } = packet;
    const head = kind === 3 ? word(length) : word(0, 0, 0, length, length);
    return block(kind, join(head, packet), littleEndian);
  });
  return join(
    block(0x0a0d0d0a, join(word(0x1a2b3c4d, 1), word(0xffffffff, 0xffffffff)), littleEndian),
    block(1, join(new Uint8Array(halves.buffer), word(0)), littleEndian),
    // Statistics of the interface, which are skipped.
    block(5, word(0, 0, 0), littleEndian),
    ...blocks,
  );
}

/** The packets of a connection that carries one request and its answer. */
export function exchange(request: Uint8Array | string, answer: Uint8Array | string): Sent[] {
  const [asked, said] = [bytesOf(request).length, bytesOf(answer).length];
  return [
    { fromClient: true, sequence: 999, flags: SYN },
    { fromClient: false, sequence: 4_999, acknowledgement: 1_000, flags: SYN },
    { fromClient: true, sequence: 1_000, acknowledgement: 5_000 },
    { fromClient: true, sequence: 1_000, acknowledgement: 5_000, payload: request },
    { fromClient: false, sequence: 5_000, acknowledgement: 1_000 + asked, payload: answer },
    { fromClient: false, sequence: 5_000 + said, acknowledgement: 1_000 + asked, flags: FIN },
    { fromClient: true, sequence: 1_000 + asked, acknowledgement: 5_001 + said, flags: FIN },
    { fromClient: false, sequence: 5_001 + said, acknowledgement: 1_001 + asked },
  ];
}
