/** Files of packets, as tcpdump and Wireshark write them: pcap and pcapng. */
import { viewOf } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type Frame, FrameSplitter, malformedCapture } from "./frame-splitter.js";

/** A packet, as it was captured. */
export interface CapturedPacket {
  /** The kind of its first header: a LINKTYPE of the pcap format. */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Where the packet stands in the file. */
  readonly offset: number;
}

/** Reads the packets of a file, in pieces of any length. */
export interface PacketFileReader {
  /**
   * Takes the next bytes, and yields the packets that they complete.
   *
   * @throws GatewayError `malformed` or `limit_exceeded` with the offset in the file
   */
  push(bytes: Uint8Array): Iterable<CapturedPacket>;
  /** @throws GatewayError `truncated` inside a frame of the file */
  end(): void;
}

/** Bytes of a packet that are read, and of a block that is skipped. The largest packets have 262,144. */
const MAX_FRAME = 16_777_216;

/** The magic numbers of pcap, with times in microseconds and in nanoseconds. */
const PCAP = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
/** The type of pcapng's first block: the same in both byte orders. */
const SECTION_HEADER = 0x0a0d0d0a;

/** The reader for a file that starts with these bytes; undefined for another kind of file. */
export function packetFileReader(first: Uint8Array): PacketFileReader | undefined {
  if (first.length < 4) return undefined;
  const view = viewOf(first);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === PCAP || magic === PCAP_NANOSECONDS) return new PcapReader(littleEndian);
  }
  return view.getUint32(0) === SECTION_HEADER ? new PcapNgReader() : undefined;
}

function tooLong(length: number, offset: number): GatewayError {
  const message = `the frame at byte ${offset} has ${length} bytes, more than the limit of ${MAX_FRAME}`;
  return new GatewayError(ErrorCode.LimitExceeded, message, { offset });
}

const PCAP_HEADER = 24;
const PCAP_RECORD_HEADER = 16;

/** pcap: a header with the link type of all packets, and packets, each after a header of its own. */
class PcapReader implements PacketFileReader {
  readonly #littleEndian: boolean;
  readonly #frames = new FrameSplitter((bytes, offset) => this.#size(bytes, offset));
  #linkType = 0;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  *push(bytes: Uint8Array): Generator<CapturedPacket, void, undefined> {
    for (const frame of this.#frames.push(bytes)) {
      const { offset } = frame;
      // The upper bits of the link type tell the length of a frame check sequence.
      if (offset === 0)
        this.#linkType = viewOf(frame.bytes).getUint32(20, this.#littleEndian) & 0xffff;
      else
        yield { linkType: this.#linkType, bytes: frame.bytes.subarray(PCAP_RECORD_HEADER), offset };
    }
  }

  end(): void {
    this.#frames.end();
  }

  #size(bytes: Uint8Array, offset: number): number {
    if (offset === 0) return PCAP_HEADER;
    if (bytes.length < PCAP_RECORD_HEADER) return PCAP_RECORD_HEADER;
    const captured = viewOf(bytes).getUint32(8, this.#littleEndian);
    if (captured > MAX_FRAME) throw tooLong(captured, offset);
    return PCAP_RECORD_HEADER + captured;
  }
}

const BlockType = {
  Section: SECTION_HEADER,
  Interface: 1,
  /** An obsolete block for a packet. */
  Packet: 2,
  SimplePacket: 3,
  EnhancedPacket: 6,
} as const;
/** Type and length before a block, and the length again after it. */
const BLOCK_OVERHEAD = 12;
/** Interfaces that a section may have. */
const MAX_INTERFACES = 65_536;

/** pcapng: sections, each in its own byte order, of blocks for interfaces and packets. */
class PcapNgReader implements PacketFileReader {
  readonly #frames = new FrameSplitter((bytes, offset) => this.#size(bytes, offset));
  #littleEndian = true;
  /** The interfaces of the section: their link types, and how many bytes of a packet they keep. */
  #interfaces: { linkType: number; snapLength: number }[] = [];

  *push(bytes: Uint8Array): Generator<CapturedPacket, void, undefined> {
    for (const frame of this.#frames.push(bytes)) {
      const packet = this.#block(frame, viewOf(frame.bytes));
      if (packet !== undefined) yield packet;
    }
  }

  end(): void {
    this.#frames.end();
  }

  #size(bytes: Uint8Array, offset: number): number {
    if (bytes.length < BLOCK_OVERHEAD) return BLOCK_OVERHEAD;
    const view = viewOf(bytes);
    if (view.getUint32(0) === BlockType.Section) {
      this.#littleEndian = view.getUint32(8) === 0x4d3c2b1a;
      if (!this.#littleEndian && view.getUint32(8) !== 0x1a2b3c4d) {
        throw malformedCapture("is a section of pcapng in no known byte order", offset);
      }
    }
    const length = view.getUint32(4, this.#littleEndian);
    if (length < BLOCK_OVERHEAD || length % 4 !== 0) {
      throw malformedCapture(`is a block of pcapng of ${length} bytes`, offset);
    }
    if (length > MAX_FRAME) throw tooLong(length, offset);
    return length;
  }

  #block({ bytes, offset }: Frame, view: DataView): CapturedPacket | undefined {
    const littleEndian = this.#littleEndian;
    const content = bytes.length - BLOCK_OVERHEAD;
    /** A part of the block, which is at least this long. */
    const word = (at: number) => {
      if (at + 4 > content + 8)
        throw malformedCapture("is too short for a block of its type", offset);
      return view.getUint32(at, littleEndian);
    };
    const packet = (header: number, captured: number, interfaceNumber: number) => {
      const from = this.#interfaces[interfaceNumber];
      if (from === undefined) throw malformedCapture("is a packet of no interface", offset);
      if (header + captured > content + 8) {
        throw malformedCapture("is a packet that is longer than its block", offset);
      }
      return { linkType: from.linkType, bytes: bytes.subarray(header, header + captured), offset };
    };
    switch (view.getUint32(0, littleEndian)) {
      case BlockType.Section:
        this.#interfaces = [];
        return undefined;
      case BlockType.Interface:
        if (this.#interfaces.length >= MAX_INTERFACES) {
          throw malformedCapture("is one interface too many", offset);
        }
        this.#interfaces.push({ snapLength: word(12), linkType: view.getUint16(8, littleEndian) });
        return undefined;
      case BlockType.EnhancedPacket:
        return packet(28, word(20), word(8));
      case BlockType.SimplePacket: {
        const length = word(8);
        const snapLength = this.#interfaces[0]?.snapLength || length;
        return packet(12, Math.min(length, snapLength), 0);
      }
      case BlockType.Packet:
        word(24);
        return packet(28, word(20), view.getUint16(8, littleEndian));
      default:
        return undefined;
    }
  }
}
