import { ByteCollector, checkBytes } from "../bytes.js";
import { PackedVariables } from "../cgi/packed-variables.js";
import { type Variable, Variables, variableOf } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import { PairRow, ROW_WORDS, TableResult, WINDOW, WINDOW_SIZE } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";

/**
 * Bytes that a pair counts besides its own, so that a stream of empty pairs does not make a million
 * objects.
 */
const PAIR_OVERHEAD = 32;

export interface PairDecoderOptions {
  /** Bytes that all pairs may take; each counts 32 more. Default: 1,048,576. 0 accepts none. */
  limit?: number | undefined;
  engine?: Engine | undefined;
}

/**
 * Decodes name-value pairs (FastCGI 1.0 §3.4) in chunks of any length: pairs may continue in the
 * next record, chunk or window. Lengths below 128 may take four bytes.
 */
export class PairDecoder {
  readonly #pairs: Variable[] = [];
  /** All pairs, while they have arrived in one chunk. */
  #packed: PackedVariables | undefined;
  readonly #engine: Engine;
  readonly #limit: number;
  /** The start of a pair that is incomplete. */
  readonly #partial = new ByteCollector();
  #length = 0;

  constructor(options: PairDecoderOptions = {}) {
    this.#engine = options.engine ?? defaultEngine();
    this.#limit = options.limit ?? defaultLimits.variables;
  }

  /** The pairs so far, copied, in order, duplicates included. */
  get pairs(): Variable[] {
    this.#unpack();
    return this.#pairs;
  }

  /** Bytes taken so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Decodes bytes, which it copies into the engine's window.
   *
   * @throws GatewayError `malformed` when the lengths of a pair add up to more than 32 bits,
   * `limit_exceeded` when a pair announces more bytes than the limit allows; both with the offset
   * of the pair in the stream
   */
  push(bytes: Uint8Array): void {
    checkBytes("bytes", bytes);
    for (let offset = 0; offset < bytes.length; offset += WINDOW_SIZE) {
      const piece = bytes.subarray(offset, offset + WINDOW_SIZE);
      this.#engine.memory.set(piece, WINDOW);
      this.receive(WINDOW, piece.length);
    }
  }

  /**
   * Decodes bytes of the engine's window, which it does not change.
   *
   * @throws GatewayError as {@link push}
   * @internal
   */
  receive(start: number, length: number): void {
    if (length > 0) this.#unpack();
    const taken = this.#partial.length > 0 ? this.#completePartial(start, length) : 0;
    if (taken < length) this.#split(start + taken, length - taken);
  }

  /**
   * Returns the pairs at the end of the stream.
   *
   * @throws GatewayError `truncated` when the last pair is incomplete
   */
  finish(): Variable[] {
    this.#end();
    return this.pairs;
  }

  /**
   * The pairs of {@link finish}, by name.
   *
   * @throws GatewayError as {@link finish}
   */
  variables(): Variables {
    this.#end();
    return new Variables(this.#packed ?? this.#pairs);
  }

  #end(): void {
    if (this.#partial.length === 0) return;
    throw new GatewayError(
      ErrorCode.Truncated,
      `the name-value pairs end inside the pair at byte ${this.#partialOffset}`,
      { offset: this.#partialOffset },
    );
  }

  #unpack(): void {
    if (this.#packed === undefined) return;
    this.#pairs.push(...this.#packed);
    this.#packed = undefined;
  }

  get #partialOffset(): number {
    return this.#length - this.#partial.length;
  }

  /** @returns how many bytes it took */
  #completePartial(start: number, length: number): number {
    const { memory } = this.#engine;
    let taken = 0;
    for (;;) {
      const size = pairSize(this.#partial.bytes);
      this.#check(this.#partialOffset, size);
      const missing = size - this.#partial.length;
      if (missing === 0) break;
      const piece = Math.min(missing, length - taken);
      if (piece === 0) return taken;
      this.#partial.push(memory.subarray(start + taken, start + taken + piece));
      this.#length += piece;
      taken += piece;
    }
    this.#pairs.push(wholePair(this.#partial.take()));
    return taken;
  }

  /** Splits pairs by calls of the engine, each of which takes as many as its table holds. */
  #split(start: number, length: number): void {
    const { results, memory } = this.#engine;
    const end = start + length;
    let at = start;
    while (at < end) {
      const rows = this.#engine.splitPairs(at, end - at);
      const consumed = results[TableResult.Consumed]!;
      if (this.#length === 0 && consumed === length && this.#fits(consumed, rows)) {
        this.#packed = new PackedVariables(this.#engine, start, length, rows);
        this.#length = length;
        return;
      }
      const needed = results[TableResult.Needed]! >>> 0;
      if (rows < 0) {
        // The pairs before the bad one may exceed the limit. The error must not depend on the
        // chunks.
        if (consumed > 0) this.#split(at, consumed);
        throw this.#overflow(this.#length);
      }
      this.#addRows(rows, at);
      at += consumed;
      if (needed > 0) this.#check(this.#length, needed);
      if (rows === 0) break;
    }
    this.#partial.push(memory.subarray(at, end));
    this.#length += end - at;
  }

  #addRows(rows: number, start: number): void {
    const { table, memory } = this.#engine;
    const last = rows * ROW_WORDS;
    let at = start;
    for (let row = 0; row < last; row += ROW_WORDS) {
      const nameStart = table[row + PairRow.NameStart]!;
      const nameLength = table[row + PairRow.NameLength]!;
      const valueStart = table[row + PairRow.ValueStart]!;
      const valueLength = table[row + PairRow.ValueLength]!;
      const size = valueStart + valueLength - at;
      this.#check(this.#length, size);
      this.#pairs.push(variableOf(memory, nameStart, nameLength, valueStart, valueLength));
      this.#length += size;
      at += size;
    }
  }

  /** Refuses the pair of `size` bytes at `offset` before its bytes are kept. */
  #check(offset: number, size: number): void {
    if (size > 0xffff_ffff) throw this.#overflow(offset);
    if (this.#fits(offset + size, this.#pairs.length)) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the variables exceed the limit of ${this.#limit} bytes at byte ${offset}`,
      { offset, hint: "send fewer or shorter variables, or raise limits.variables" },
    );
  }

  #fits(length: number, pairs: number): boolean {
    return length + pairs * PAIR_OVERHEAD <= this.#limit;
  }

  #overflow(offset: number): GatewayError {
    return new GatewayError(
      ErrorCode.Malformed,
      `the lengths of the name-value pair at byte ${offset} add up to more than 32 bits`,
      { offset },
    );
  }
}

/** How many bytes a length takes whose first byte is `first`. */
function lengthSize(first: number): number {
  return first > 127 ? 4 : 1;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 128) return first;
  return ((first & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/**
 * Bytes of the pair at the start of `bytes`; while its lengths are incomplete, one more than
 * `bytes`.
 */
function pairSize(bytes: Uint8Array): number {
  const nameSize = lengthSize(bytes[0]!);
  if (bytes.length <= nameSize) return bytes.length + 1;
  const head = nameSize + lengthSize(bytes[nameSize]!);
  if (bytes.length < head) return bytes.length + 1;
  return head + lengthAt(bytes, 0) + lengthAt(bytes, nameSize);
}

function wholePair(bytes: Uint8Array): Variable {
  const nameSize = lengthSize(bytes[0]!);
  const nameStart = nameSize + lengthSize(bytes[nameSize]!);
  const nameLength = lengthAt(bytes, 0);
  const valueStart = nameStart + nameLength;
  return variableOf(bytes, nameStart, nameLength, valueStart, lengthAt(bytes, nameSize));
}
