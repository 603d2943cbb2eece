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
import { engine as defaultEngine } from "../engine/select.js";
import { requestIdOf, typeOf } from "../engine/typescript/record-header.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { RECORD_HEADER_LENGTH, RecordType } from "./protocol.js";

/** A piece of a record's content, or of several that follow each other in one stream. */
export interface RecordPiece {
  requestId: number;
  type: number;
  /** Where the content lies in the engine's window. */
  start: number;
  /** Where its first byte was in the bytes that were taken. */
  at: number;
  length: number;
  /** The piece starts where a record's content starts. */
  begins: boolean;
  /** The piece ends where a record's content ends. */
  ends: boolean;
}

/** A part of a long content of STDIN or DATA, which the engine has not seen. */
export type LongContent = Pick<RecordPiece, "requestId" | "type" | "at" | "length">;

/** Bytes that the engine is given at a time, behind which a long content may follow. */
const FED_LENGTH = 4_096;
/** A content of fewer bytes is the engine's. */
const LONG_LENGTH = 1_024;

/**
 * Takes the records of every request out of a connection's bytes, however they are cut. Stream
 * records of one request that follow each other come as one piece.
 */
export class ConnectionDecoder {
  readonly #engine: Engine;
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #onPiece: (piece: RecordPiece) => void;
  /** Where what is in the window was in the bytes that were taken. */
  #base = 0;
  #received = 0;
  #records = 0;

  /**
   * @param onPiece is called for each piece in order. Content stays in the window until it returns
   * for the last one: it may call the engine, but not write into the window
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

  /** True between records: the connection may end here. */
  get atBoundary(): boolean {
    return this.#state.every((word) => word === 0);
  }

  /**
   * Decodes bytes that need not lie in the engine's window: they are copied there.
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
   * Decodes bytes of which long contents are left where they are, all but their last byte: copies in
   * and out of the window would cost more than all else about them.
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
   * Decodes the first `length` bytes of the engine's window. What stands before a malformed record
   * in them is not handed out.
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

  /** How many of the next bytes are of a long content, and not its last. */
  #longLength(available: number): number {
    const state = this.#state;
    if (state[DemultiplexState.HeaderLength] !== RECORD_HEADER_LENGTH) return 0;
    const type = typeOf(state[DemultiplexState.HeaderLow]!);
    if (type !== RecordType.Stdin && type !== RecordType.Data) return 0;
    // The last byte ends the record, which is for the engine to count.
    const remaining = state[DemultiplexState.ContentRemaining]! - 1;
    const length = Math.min(remaining, available);
    return length >= LONG_LENGTH ? length : 0;
  }

  /** Hands out the pieces in the first `length` words of the engine's table. */
  #deliver(length: number): void {
    const { table } = this.#engine;
    // Copied, because the engine's next job, which a piece may start, writes the same table.
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
