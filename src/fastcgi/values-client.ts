import { StreamStart, utf8 } from "../bytes.js";
import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import { valueBytes } from "../cgi/variable.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { engine as defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDecoder, type RecordPiece } from "./connection-decoder.js";
import { encodeRecord } from "./encode.js";
import { PairDecoder } from "./pair-decoder.js";
import { encodePairs } from "./pairs.js";
import { NULL_REQUEST_ID, RecordType } from "./protocol.js";

/** What an application may be asked for (FastCGI 1.0 §4.1). */
export const valueNames = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"] as const;

/** The GET_VALUES record that asks for these names. */
export function encodeGetValues(names: readonly string[]): Uint8Array {
  const pairs = encodePairs(names.map((name) => [name, ""] as const));
  return encodeRecord(RecordType.GetValues, NULL_REQUEST_ID, pairs);
}

/** Asks an application for its values, without I/O. Names that it does not know are left out. */
export class ValuesClient implements ClientMachine {
  /** The answer, when {@link ended}. */
  readonly values = new Map<string, string>();
  readonly #names: readonly string[];
  readonly #handlers: ClientHandlers;
  readonly #engine: Engine;
  readonly #decoder: ConnectionDecoder;
  readonly #pairs: PairDecoder;
  readonly #start = new StreamStart();
  #ended = false;

  constructor(
    names: readonly string[],
    handlers: ClientHandlers,
    engine: Engine = defaultEngine(),
  ) {
    this.#names = names;
    this.#handlers = handlers;
    this.#engine = engine;
    this.#decoder = new ConnectionDecoder((piece) => this.#take(piece), engine);
    this.#pairs = new PairDecoder({ engine });
  }

  get ended(): boolean {
    return this.#ended;
  }

  open(): Uint8Array[] {
    return [encodeGetValues(this.#names)];
  }

  body(): Uint8Array[] {
    return [];
  }

  endBody(): Uint8Array[] {
    return [];
  }

  abort(): Uint8Array[] {
    return [];
  }

  receive(length: number): number {
    const { memory } = this.#engine;
    this.#start.take(memory.subarray(WINDOW, WINDOW + length));
    try {
      this.#decoder.receive(length);
    } catch (error) {
      throw otherServerError(this.#start.text, "FastCGI") ?? error;
    }
    if (this.#ended) this.#handlers.end({ appStatus: 0, protocolStatus: 0 });
    return length;
  }

  closed(): GatewayError | undefined {
    if (this.#ended) return undefined;
    return (
      otherServerError(this.#start.text, "FastCGI") ??
      new GatewayError(
        ErrorCode.ClosedWithoutAnswer,
        "the connection was closed without an answer to GET_VALUES",
        { hint: "many applications do not answer GET_VALUES: that says nothing of their health" },
      )
    );
  }

  #take(piece: RecordPiece): void {
    if (piece.type !== RecordType.GetValuesResult || this.#ended) return;
    this.#pairs.receive(piece.start, piece.length);
    if (!piece.ends) return;
    for (const [name, value] of this.#pairs.finish())
      this.values.set(name, utf8(valueBytes(value)));
    this.#ended = true;
  }
}
