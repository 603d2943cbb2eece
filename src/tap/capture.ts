import { Protocol } from "../address.js";
import { ByteCollector, equalBytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { RelaySide } from "./observer.js";
import type { TappedProtocol } from "./tapped-request.js";

/**
 * The first bytes of a capture. The number of its protocol follows, and then frames: a head of kind
 * (8 bits), connection (32), microseconds since 1970 (64) and length (32), in network byte order, and
 * the content. No other stream that can be decoded begins with these bytes.
 */
export const CAPTURE_START: Uint8Array = Uint8Array.of(0xfc, 0x54, 0x41, 0x50, 1);
const START_LENGTH = CAPTURE_START.length + 1;
const HEAD_LENGTH = 17;
/** The longest content: a read of the tap. */
const MAX_CONTENT = 65_536;

const protocols: readonly TappedProtocol[] = [Protocol.FastCgi, Protocol.Scgi, Protocol.Uwsgi];

/** What a frame holds: bytes of a side, or the end of the connection. */
const kinds: readonly (RelaySide | "closed")[] = ["client", "backend", "closed"];

/** A piece of a captured connection. */
export interface CaptureFrame {
  readonly connection: number;
  /** Which side has sent the content; `closed` for the end of the connection. */
  readonly kind: RelaySide | "closed";
  readonly time: Date;
  readonly content: Uint8Array;
}

/** The bytes that begin a capture. */
export function encodeCaptureStart(protocol: TappedProtocol): Uint8Array {
  return Uint8Array.of(...CAPTURE_START, protocols.indexOf(protocol));
}

/** The bytes of a frame. Its content is copied. */
export function encodeFrame(
  connection: number,
  kind: CaptureFrame["kind"],
  content: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEAD_LENGTH + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kinds.indexOf(kind));
  view.setUint32(1, connection);
  view.setBigUint64(5, BigInt(Date.now()) * 1_000n);
  view.setUint32(13, content.length);
  bytes.set(content, HEAD_LENGTH);
  return bytes;
}

/** Reads a capture, in pieces of any length. */
export class CaptureReader {
  /** Known once the first frame is read. */
  protocol: TappedProtocol | undefined;
  readonly #bytes = new ByteCollector();
  #offset = 0;

  /**
   * Takes the next bytes, and yields the frames that they complete.
   *
   * @throws GatewayError `malformed` with the offset, after the frames before it
   */
  *push(bytes: Uint8Array): Generator<CaptureFrame, void, undefined> {
    this.#bytes.push(bytes);
    const all = this.#bytes.take();
    let at = 0;
    if (this.protocol === undefined && all.length >= START_LENGTH) {
      this.protocol = this.#start(all);
      at = START_LENGTH;
    }
    if (this.protocol !== undefined) {
      for (let size = this.#size(all, at); at + size <= all.length; size = this.#size(all, at)) {
        yield frameAt(all, at);
        at += size;
      }
    }
    this.#offset += at;
    this.#bytes.push(all.subarray(at));
  }

  /** @throws GatewayError `truncated` inside a frame */
  end(): void {
    if (this.#bytes.length === 0 && this.protocol !== undefined) return;
    throw new GatewayError(
      ErrorCode.Truncated,
      `the capture ends inside the frame at byte ${this.#offset}`,
      { offset: this.#offset },
    );
  }

  #start(all: Uint8Array): TappedProtocol {
    const protocol = protocols[all[CAPTURE_START.length]!];
    const isOurs = equalBytes(all.subarray(0, CAPTURE_START.length), CAPTURE_START);
    if (isOurs && protocol !== undefined) return protocol;
    throw this.#malformed("is not the start of a capture that this version reads", 0);
  }

  /** Bytes of the frame at `at`; more than there are while its head is incomplete. */
  #size(all: Uint8Array, at: number): number {
    if (all.length - at < HEAD_LENGTH) return HEAD_LENGTH;
    const length = new DataView(all.buffer, all.byteOffset + at).getUint32(13);
    if (kinds[all[at]!] !== undefined && length <= MAX_CONTENT) return HEAD_LENGTH + length;
    throw this.#malformed("is not a frame", at);
  }

  #malformed(what: string, at: number): GatewayError {
    const offset = this.#offset + at;
    return new GatewayError(ErrorCode.Malformed, `what is at byte ${offset} ${what}`, { offset });
  }
}

function frameAt(all: Uint8Array, at: number): CaptureFrame {
  const view = new DataView(all.buffer, all.byteOffset + at);
  const length = view.getUint32(13);
  return {
    kind: kinds[view.getUint8(0)]!,
    connection: view.getUint32(1),
    time: new Date(Number(view.getBigUint64(5) / 1_000n)),
    content: all.slice(at + HEAD_LENGTH, at + HEAD_LENGTH + length),
  };
}
