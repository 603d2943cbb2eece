import { Protocol } from "../address.js";
import { equalBytes, viewOf } from "../bytes.js";
import type { CapturedProtocol, CapturedSide, CaptureEvent, CaptureFileReader } from "./capture.js";
import { FrameSplitter, malformedCapture } from "./frame-splitter.js";

/**
 * The first bytes of what `fcgi-probe tap --save` writes. The number of its protocol follows, and
 * then frames: a head of kind (8 bits), connection (32), microseconds since 1970 (64) and length
 * (32), in network byte order, and the content. No other stream that can be decoded begins with
 * these bytes.
 */
export const CAPTURE_START: Uint8Array = Uint8Array.of(0xfc, 0x54, 0x41, 0x50, 1);
const START_LENGTH = CAPTURE_START.length + 1;
const HEAD_LENGTH = 17;
/** The longest content: a read of the tap. */
const MAX_CONTENT = 65_536;

const protocols: readonly CapturedProtocol[] = [Protocol.FastCgi, Protocol.Scgi, Protocol.Uwsgi];

/** What a frame holds: bytes of a side, or the end of the connection. */
const kinds: readonly (CapturedSide | "closed")[] = ["client", "backend", "closed"];

/** The bytes that begin a capture. */
export function encodeCaptureStart(protocol: CapturedProtocol): Uint8Array {
  return Uint8Array.of(...CAPTURE_START, protocols.indexOf(protocol));
}

/** The bytes of a frame. Its content is copied. */
export function encodeFrame(
  connection: number,
  kind: CapturedSide | "closed",
  content: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEAD_LENGTH + content.length);
  const view = viewOf(bytes);
  view.setUint8(0, kinds.indexOf(kind));
  view.setUint32(1, connection);
  view.setBigUint64(5, BigInt(Date.now()) * 1_000n);
  view.setUint32(13, content.length);
  bytes.set(content, HEAD_LENGTH);
  return bytes;
}

/** Reads a capture, in pieces of any length. */
export class TapCaptureReader implements CaptureFileReader {
  /** Known once the first frame is read. */
  protocol: CapturedProtocol | undefined;
  readonly #frames = new FrameSplitter((bytes, offset) => sizeOf(bytes, offset));

  *push(bytes: Uint8Array): Generator<CaptureEvent, void, undefined> {
    for (const frame of this.#frames.push(bytes)) {
      if (frame.offset === 0) this.protocol = protocolOf(frame.bytes);
      else yield eventOf(frame.bytes);
    }
  }

  end(): CaptureEvent[] {
    this.#frames.end();
    return [];
  }
}

/** Bytes of the frame at the start; more than there are while its head is incomplete. */
function sizeOf(bytes: Uint8Array, offset: number): number {
  if (offset === 0) return START_LENGTH;
  if (bytes.length < HEAD_LENGTH) return HEAD_LENGTH;
  const length = viewOf(bytes).getUint32(13);
  if (kinds[bytes[0]!] !== undefined && length <= MAX_CONTENT) return HEAD_LENGTH + length;
  throw malformedCapture("is not a frame", offset);
}

function protocolOf(start: Uint8Array): CapturedProtocol {
  const protocol = protocols[start[CAPTURE_START.length]!];
  const isOurs = equalBytes(start.subarray(0, CAPTURE_START.length), CAPTURE_START);
  if (isOurs && protocol !== undefined) return protocol;
  throw malformedCapture("is not the start of a capture that this version reads", 0);
}

function eventOf(frame: Uint8Array): CaptureEvent {
  const connection = viewOf(frame).getUint32(1);
  const kind = kinds[frame[0]!]!;
  if (kind === "closed") return { kind, connection };
  return { kind: "bytes", connection, side: kind, bytes: frame.subarray(HEAD_LENGTH) };
}
