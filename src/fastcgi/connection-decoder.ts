import type { Engine } from "../engine/engine.js";
import {
  DemultiplexState,
  EngineError,
  RecordFlag,
  RecordRow,
  ROW_WORDS,
  STATE_WORDS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { requestIdOf, typeOf } from "../engine/typescript/record.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { RECORD_HEADER_LENGTH, RecordType } from "./protocol.js";

/** A piece of a record's content, or of several that follow each other in one stream. */
export interface RecordPiece {
  requestId: number;
  type: number;
  /** Where the content lies in the engine's window. */
  start: number;
  /** Where the content starts in the bytes passed to {@link ConnectionDecoder.take}. */
  at: number;
  length: number;
  /** Whether the piece starts at the start of a record's content. */
  begins: boolean;
  /** Whether the piece ends at the end of a record's content. */
  ends: boolean;
}

/** A part of a long content of STDIN or DATA, which did not pass through the engine. */
export type LongContent = Pick<RecordPiece, "requestId" | "type" | "at" | "length">;

/** Bytes that are passed to the engine at a time, to find the header of a long content. */
const FED_LENGTH = 4_096;
/** A shorter content is passed to the engine. */
const LONG_LENGTH = 1_024;

/**
 * Decodes the records of a connection, in chunks of any length. Records of one stream that follow
 * each other become one piece.
 */
export class ConnectionDecoder {
  readonly #engine: Engine;
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #onPiece: (piece: RecordPiece) => void;
  /** Where the bytes in the window start in those passed to {@link take}. */
  #base = 0;
  #received = 0;
  #records = 0;

  /**
   * @param onPiece is called for each piece in order. The contents stay in the window until the
   * last call returns: it may call the engine, but not write into the window
   */
  constructor(onPiece: (piece: RecordPiece) => void, engine: Engine = defaultEngine()) {
    this.#onPiece = onPiece;
    this.#engine = engine;
  }

  /** Bytes taken so far. */
  get received(): number {
    return this.#received;
  }

  /** Records completed so far. */
  get records(): number {
    return this.#records;
  }

  /** Whether the connection is between two records, where it may end. */
  get atBoundary(): boolean {
    return this.#state.every((word) => word === 0);
  }

  /**
   * Decodes bytes, which it copies into the engine's window.
   *
   * @throws GatewayError as {@link receive}
   */
  push(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += WINDOW_SIZE) {
      const piece = bytes.subarray(offset, offset + WINDOW_SIZE);
      this.#engine.memory.set(piece, WINDOW);
      this.receive(piece.length);
    }
  }

  /**
   * Decodes bytes without copying long contents, all but their last byte: copying them into the
   * window and out of it would cost more than everything else.
   *
   * @throws GatewayError as {@link receive}
   */
  take(bytes: Uint8Array, onLongContent: (content: LongContent) => void): void {
    for (let at = 0; at < bytes.length; ) {
      const length = this.#longLength(bytes.length - at);
      if (length > 0) {
        const header = this.#state[DemultiplexState.HeaderLow]!;
        const remaining = this.#state[DemultiplexState.ContentRemaining]!;
        this.#state[DemultiplexState.ContentRemaining] = remaining - length;
        this.#received += length;
        onLongContent({ requestId: requestIdOf(header), type: typeOf(header), at, length });
        at += length;
      } else {
        const fed = bytes.subarray(at, at + FED_LENGTH);
        this.#engine.memory.set(fed, WINDOW);
        this.#base = at;
        this.receive(fed.length);
        at += fed.length;
      }
    }
    this.#base = 0;
  }

  /**
   * Decodes the first `length` bytes of the engine's window. The records before a malformed one in
   * them are dropped.
   *
   * @throws GatewayError `malformed` with the record's offset in the connection
   */
  receive(length: number): void {
    const { state, results } = this.#engine;
    let offset = 0;
    while (offset < length) {
      state.set(this.#state);
      const rows = this.#engine.demultiplexConnection(WINDOW + offset, length - offset);
      if (rows < 0) throw this.#failure(rows, results[TableResult.ErrorOffset]!);
      this.#state.set(state);
      const consumed = results[TableResult.Consumed]!;
      this.#received += consumed;
      this.#records += results[TableResult.Complete]!;
      offset += consumed;
      this.#deliver(rows * ROW_WORDS);
    }
  }

  /** How many of the next bytes belong to a long content, without its last byte. */
  #longLength(available: number): number {
    const state = this.#state;
    if (state[DemultiplexState.HeaderLength] !== RECORD_HEADER_LENGTH) return 0;
    const type = typeOf(state[DemultiplexState.HeaderLow]!);
    if (type !== RecordType.Stdin && type !== RecordType.Data) return 0;
    // The engine takes the last byte, which ends the record, to count records.
    const remaining = state[DemultiplexState.ContentRemaining]! - 1;
    const length = Math.min(remaining, available);
    return length >= LONG_LENGTH ? length : 0;
  }

  /** Reports the pieces in the first `length` words of the engine's table. */
  #deliver(length: number): void {
    const { table } = this.#engine;
    // Copied, because `onPiece` may call the engine, which writes the same table.
    const rows: number[] = [];
    for (let at = 0; at < length; at++) rows.push(table[at]!);
    for (let row = 0; row < length; row += ROW_WORDS) {
      const type = rows[row + RecordRow.Type]!;
      this.#onPiece({
        requestId: rows[row + RecordRow.RequestId]!,
        type: type & 0xff,
        start: rows[row + RecordRow.Start]!,
        at: this.#base + rows[row + RecordRow.Start]! - WINDOW,
        length: rows[row + RecordRow.Length]!,
        begins: ((type >> 8) & RecordFlag.Begins) !== 0,
        ends: ((type >> 8) & RecordFlag.Ends) !== 0,
      });
    }
  }

  #failure(result: number, errorOffset: number): GatewayError {
    const offset = this.#received + errorOffset;
    return new GatewayError(
      ErrorCode.Malformed,
      result === EngineError.BodyLength
        ? `the record at byte ${offset} needs a content of ${RECORD_HEADER_LENGTH} bytes`
        : `no FastCGI record at byte ${offset}`,
      { offset },
    );
  }
}
