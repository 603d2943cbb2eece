import { ByteCollector, latin1Bytes } from "../bytes.js";
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
import { engine as defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";

export interface NetstringOptions {
  /** Refuses leading zeros, as the definition does. Default false: others accept them. */
  strict?: boolean | undefined;
  /** The longest netstring that is accepted, in bytes, at most 2^31 - 1. Default 1 MiB. */
  limit?: number | undefined;
}

/** `bytes` as a netstring: decimal length, colon, bytes, comma (draft-bernstein-netstrings-02). */
export function encodeNetstring(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = latin1Bytes(`${bytes.length}:`);
  const netstring = new Uint8Array(head.length + bytes.length + 1);
  netstring.set(head);
  netstring.set(bytes, head.length);
  netstring[netstring.length - 1] = 0x2c;
  return netstring;
}

/** The framing of netstrings by the engine: its state between calls, and what its errors mean. */
export class NetstringFraming {
  readonly engine: Engine;
  /** Rows of {@link FrameRow} in the table, of the last call. Known only when it did not fail. */
  rows = 0;
  /** Netstrings that were completed by the last call. */
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

  /** True between the first digit of a netstring and its comma. */
  get inside(): boolean {
    return this.#state[NetstringState.Phase] !== 0 || this.#state[NetstringState.Digits] !== 0;
  }

  /**
   * Frames the first `length` bytes of the window, up to `most` whole netstrings.
   *
   * @returns how many bytes were taken, or the error that lies behind them
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

  /** What an end of file at this point means: nothing between netstrings. */
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
        return malformed(`no length of a netstring is at byte ${offset}`, offset);
    }
  }
}

function malformed(message: string, offset: number): GatewayError {
  return new GatewayError(ErrorCode.Malformed, message, { offset });
}

/** Takes netstrings out of a stream of bytes, however it is cut. */
export class NetstringDecoder {
  readonly #framing: NetstringFraming;
  readonly #content = new ByteCollector();
  /** The content is whole, and its comma has yet to come. */
  #atComma = false;

  constructor(options: NetstringOptions = {}, engine: Engine = defaultEngine()) {
    this.#framing = new NetstringFraming(options, engine);
  }

  /**
   * Takes the next bytes, and hands out a copy of each netstring that they complete.
   *
   * @throws GatewayError `malformed` or `limit_exceeded`, with the offset in the stream, behind the
   * netstrings that are whole. The decoder is of no use after that
   */
  push(bytes: Uint8Array, onNetstring: (content: Uint8Array) => void): void {
    const { memory } = this.#framing.engine;
    const input = bytes.buffer === memory.buffer ? bytes.slice() : bytes;
    for (let offset = 0; offset < input.length; ) {
      const piece = input.subarray(offset, offset + WINDOW_SIZE);
      memory.set(piece, WINDOW);
      const taken = this.#framing.run(piece.length, TABLE_ROWS);
      // Copies first: what is called may use the engine.
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

  /** A failed call does not tell its rows, but those of its whole netstrings come first. */
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
