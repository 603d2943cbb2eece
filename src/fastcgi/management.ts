import type { Engine } from "../engine/engine.js";
import type { RecordPiece } from "./connection-decoder.js";
import { encodeUnknownType } from "./encode.js";
import { PairDecoder } from "./pair-decoder.js";
import { RecordType } from "./protocol.js";
import { type ApplicationValues, encodeValuesResult } from "./values.js";

/** An application's answers to a connection's management records (FastCGI 1.0 §4). */
export class ManagementRecords {
  readonly #values: ApplicationValues;
  readonly #engine: Engine;
  /** A GET_VALUES that is not whole yet: a record of 65,535 bytes at most. */
  #asked: PairDecoder | undefined;

  constructor(values: ApplicationValues, engine: Engine) {
    this.#values = values;
    this.#engine = engine;
  }

  /**
   * Takes a piece of a management record, which lies in the engine's window.
   *
   * @returns the record's answer, once
   * @throws GatewayError `truncated` when GET_VALUES ends inside a pair
   */
  answer({ type, begins, start, length, ends }: RecordPiece): Uint8Array | undefined {
    if (type !== RecordType.GetValues) return begins ? encodeUnknownType(type) : undefined;
    this.#asked ??= new PairDecoder({ limit: Number.POSITIVE_INFINITY, engine: this.#engine });
    this.#asked.receive(start, length);
    if (!ends) return undefined;
    const asked = this.#asked.finish().map(([name]) => name);
    this.#asked = undefined;
    return encodeValuesResult(asked, this.#values);
  }
}
