import { ByteCollector, checkBytes, latin1Bytes } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import {
  EngineError,
  FrameFlag,
  FrameRow,
  NetstringState,
  ROW_WORDS,
  STATE_WORDS,
  TABLE_ROWS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";

export interface NetstringOptions {
  /** Whether leading zeros are refused, as the definition demands. Default: false. */
  strict?: boolean | undefined;
  /** Bytes that a netstring may have, at most 2^31 - 1. Default: 1,048,576. */
  limit?: number | undefined;
}

/** A netstring: decimal length, colon, bytes, comma (draft-bernstein-netstrings-02). */
export function encodeNetstring(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  checkBytes("bytes", bytes);
  const head = latin1Bytes(`${bytes.length}:`);
  const netstring = new Uint8Array(head.length + bytes.length + 1);
  netstring.set(head);
  netstring.set(bytes, head.length);
  netstring[netstring.length - 1] = 0x2c;
  return netstring;
}

/** Frames netstrings with the engine, whose state it keeps and whose errors it explains. */
export class NetstringFraming {
  readonly engine: Engine;
  /** How many rows of {@link FrameRow} the last call left in the table; unknown when it failed. */
  rows = 0;
  /** How many netstrings the last call completed. */
  complete = 0;
  /** Bytes taken by all calls. */
  received = 0;
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #limit: number;

  constructor(options: NetstringOptions, engine: Engine) {
    this.engine = engine;
    this.#limit = Math.min(options.limit ?? defaultLimits.variables, 0x7fff_ffff);
    this.#state[NetstringState.Strict] = options.strict === true ? 1 : 0;
    this.#state[NetstringState.Limit] = this.#limit;
  }

  /** Whether a netstring has begun and not ended. */
  get inside(): boolean {
    return this.#state[NetstringState.Phase] !== 0 || this.#state[NetstringState.Digits] !== 0;
  }

  /**
   * Frames the first `length` bytes of the window, up to `most` complete netstrings.
   *
   * @returns how many bytes were taken, or the error after them
   */
  run(length: number, most: number): number | GatewayError {
    const { engine } = this;
    const { state, results } = engine;
    state.set(this.#state);
    const rows = engine.splitNetstrings(WINDOW, length, most);
    this.#state.set(state);
    this.rows = rows;
    this.complete = results[TableResult.Complete]!;
    if (rows < 0) {
      const offset = this.received + results[TableResult.ErrorOffset]!;
      return this.#failure(rows, offset);
    }
    const consumed = results[TableResult.Consumed]!;
    this.received += consumed;
    return consumed;
  }

  /** The error of a connection that ends at this point; undefined between netstrings. */
  closed(): GatewayError | undefined {
    if (!this.inside) return undefined;
    return new GatewayError(
      ErrorCode.Truncated,
      `the bytes end inside a netstring, after ${this.received}`,
      { offset: this.received },
    );
  }

  #failure(result: number, offset: number): GatewayError {
    switch (result) {
      case EngineError.Limit:
        return new GatewayError(
          ErrorCode.LimitExceeded,
          `the netstring at byte ${offset} is longer than ${this.#limit} bytes`,
          { offset },
        );
      case EngineError.Comma:
        return malformed(`no comma ends the netstring at byte ${offset}`, offset);
      default:
        return malformed(`no netstring length at byte ${offset}`, offset);
    }
  }
}

function malformed(message: string, offset: number): GatewayError {
  return new GatewayError(ErrorCode.Malformed, message, { offset });
}

/** Decodes netstrings from a stream, in chunks of any length. */
export class NetstringDecoder {
  readonly #framing: NetstringFraming;
  readonly #content = new ByteCollector();
  /** Whether the content is complete, but not its comma. */
  #atComma = false;

  constructor(options: NetstringOptions = {}, engine: Engine = defaultEngine()) {
    this.#framing = new NetstringFraming(options, engine);
  }

  /**
   * Takes the next bytes, and calls `onNetstring` with a copy of each netstring that they complete.
   *
   * @throws GatewayError `malformed` or `limit_exceeded`, with the offset in the stream, after the
   * complete netstrings. The decoder cannot be used afterwards
   */
  push(bytes: Uint8Array, onNetstring: (content: Uint8Array) => void): void {
    checkBytes("bytes", bytes);
    const { memory } = this.#framing.engine;
    const input = bytes.buffer === memory.buffer ? bytes.slice() : bytes;
    for (let offset = 0; offset < input.length; ) {
      const piece = input.subarray(offset, offset + WINDOW_SIZE);
      memory.set(piece, WINDOW);
      const taken = this.#framing.run(piece.length, TABLE_ROWS);
      // Copied first, because the caller may use the engine.
      for (const content of this.#collect()) onNetstring(content);
      if (typeof taken !== "number") throw taken;
      offset += taken;
    }
  }

  /** @throws GatewayError `truncated` inside a netstring */
  end(): void {
    const error = this.#framing.closed();
    if (error !== undefined) throw error;
  }

  /** A failed call does not return its rows, but those of complete netstrings come first. */
  #collect(): Uint8Array[] {
    const { engine, rows, complete } = this.#framing;
    const { memory, table } = engine;
    const whole: Uint8Array[] = [];
    const finish = () => {
      if (whole.length < complete) whole.push(this.#content.take());
      else this.#atComma = true;
    };
    if (this.#atComma) {
      this.#atComma = false;
      finish();
    }
    for (let index = 0; rows < 0 ? whole.length < complete : index < rows; index++) {
      const row = index * ROW_WORDS;
      const start = table[row + FrameRow.Start]!;
      this.#content.push(memory.subarray(start, start + table[row + FrameRow.Length]!));
      if ((table[row + FrameRow.Flags]! & FrameFlag.Ends) !== 0) finish();
    }
    return whole;
  }
}
