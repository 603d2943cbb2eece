import { TcpFlag, type TcpSegment } from "./packet.js";

/** Bytes that follow those before, or how many of them the capture does not have, and why. */
export type StreamPiece = Uint8Array | { readonly missing: number; readonly reason: string };

/** A part of a stream. Its bytes are fewer than its length when the capture cuts packets. */
interface StreamPart {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Bytes and parts that wait for those before them. A window of TCP is rarely larger. */
const MAX_WAITING = 4_194_304;
const MAX_PARTS = 4_096;

const NOT_CAPTURED = "the capture does not have them";
const CUT = "the capture cuts packets: capture with -s 0";

/** How far a sequence number is after another; negative when it is before (RFC 9293 §3.4). */
const distance = (from: number, to: number) => (to - from) | 0;

/** One direction of a TCP connection: orders segments, and drops what is sent again. */
export class TcpDirection {
  /** The sequence number of the SYN, if the capture has it. */
  synSequence: number | undefined;
  /** The sequence number of the next byte; undefined before the first segment. */
  #next: number | undefined;
  /** The sequence number after the last byte, once a FIN was read. */
  #end: number | undefined;
  /** Parts after a gap, in their order. */
  readonly #waiting: StreamPart[] = [];
  #waitingBytes = 0;

  /** Bytes that wait for those before them. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether all bytes up to the FIN have come. */
  get ended(): boolean {
    const [next, end] = [this.#next, this.#end];
    return next !== undefined && end !== undefined && distance(next, end) <= 0;
  }

  /** Takes a segment, and returns what is in order then. */
  take({ sequence, flags, payload, length }: TcpSegment): StreamPiece[] {
    const isSyn = (flags & TcpFlag.Syn) !== 0;
    const isFin = (flags & TcpFlag.Fin) !== 0;
    const start = isSyn ? (sequence + 1) >>> 0 : sequence;
    if (isSyn) this.synSequence ??= sequence;
    if (isSyn || isFin || length > 0) this.#next ??= start;
    if (isFin) this.#end ??= (start + length) >>> 0;
    if (length === 0 || this.#next === undefined) return [];
    const part = { sequence: start, bytes: payload, length };
    if (distance(this.#next, start) > 0) {
      this.#wait(part);
      const isFull = this.#waitingBytes > MAX_WAITING || this.#waiting.length > MAX_PARTS;
      return isFull ? this.skipGap() : [];
    }
    const pieces: StreamPiece[] = [];
    this.#deliver(part, pieces);
    this.#deliverWaiting(pieces);
    return pieces;
  }

  /** Takes what the receiver confirms: bytes before it that have not come are missing. */
  confirmed(sequence: number): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    while (this.#waiting.length > 0 && distance(this.#waiting[0]!.sequence, sequence) > 0) {
      pieces.push(...this.skipGap());
    }
    return pieces;
  }

  /** Gives up the bytes before those that wait, and returns what is in order then. */
  skipGap(): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    const [first] = this.#waiting;
    if (first !== undefined) this.#skipTo(first.sequence, pieces);
    this.#deliverWaiting(pieces);
    return pieces;
  }

  /** Takes the end of the connection, and returns the rest. */
  close(): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    while (this.#waiting.length > 0) pieces.push(...this.skipGap());
    if (this.#end !== undefined) this.#skipTo(this.#end, pieces);
    return pieces;
  }

  #skipTo(sequence: number, pieces: StreamPiece[]): void {
    const missing = distance(this.#next ?? sequence, sequence);
    if (missing <= 0) return;
    pieces.push({ missing, reason: NOT_CAPTURED });
    this.#next = sequence;
  }

  /** Adds a copy of a part to those that wait. */
  #wait({ sequence, bytes, length }: StreamPart): void {
    let at = this.#waiting.length;
    while (at > 0 && distance(this.#waiting[at - 1]!.sequence, sequence) < 0) at -= 1;
    this.#waiting.splice(at, 0, { sequence, bytes: bytes.slice(), length });
    this.#waitingBytes += bytes.length;
  }

  #deliverWaiting(pieces: StreamPiece[]): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || distance(this.#next!, first.sequence) > 0) return;
      this.#waiting.shift();
      this.#waitingBytes -= first.bytes.length;
      this.#deliver(first, pieces);
    }
  }

  /** Delivers a part without what came before. */
  #deliver({ sequence, bytes, length }: StreamPart, pieces: StreamPiece[]): void {
    const taken = distance(sequence, this.#next!);
    if (taken >= length) return;
    if (taken < bytes.length) pieces.push(bytes.subarray(taken));
    const missing = length - Math.max(taken, bytes.length);
    if (missing > 0) pieces.push({ missing, reason: CUT });
    this.#next = (sequence + length) >>> 0;
  }
}
