/** Management records (FastCGI 1.0 §4): the values of an application, for both sides. */
import { StreamStart, utf8 } from "../bytes.js";
import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import { type Variable, valueBytes } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDecoder, type RecordPiece } from "./connection-decoder.js";
import { encodeGetValues, encodeGetValuesResult, encodeUnknownType } from "./encode.js";
import { PairDecoder } from "./pair-decoder.js";
import { RecordType } from "./protocol.js";

/** The names that FastCGI defines for GET_VALUES (FastCGI 1.0 §4.1). */
export const valueNames = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"] as const;

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
        {
          hint: "many applications do not answer GET_VALUES: this says nothing about their health",
        },
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

/** The values of an application (FastCGI 1.0 §4.1). */
export interface ApplicationValues {
  /** FCGI_MAX_CONNS: connections that the application accepts at a time. */
  maxConnections: number;
  /** FCGI_MAX_REQS: requests that the application runs at a time. */
  maxRequests: number;
  /** FCGI_MPXS_CONNS: whether a connection may carry several requests at a time. */
  multiplex: boolean;
}

/** The answer to GET_VALUES: each name once, without those that FastCGI does not define. */
function encodeAnswer(
  asked: Iterable<string>,
  { maxConnections, maxRequests, multiplex }: ApplicationValues,
): Uint8Array {
  const known = new Map([
    ["FCGI_MAX_CONNS", `${maxConnections}`],
    ["FCGI_MAX_REQS", `${maxRequests}`],
    ["FCGI_MPXS_CONNS", multiplex ? "1" : "0"],
  ]);
  const values: Variable[] = [];
  for (const name of new Set(asked)) {
    const value = known.get(name);
    if (value !== undefined) values.push([name, value]);
  }
  return encodeGetValuesResult(values);
}

/** An application's answers to a connection's management records (FastCGI 1.0 §4). */
export class ManagementRecords {
  readonly #values: ApplicationValues;
  readonly #engine: Engine;
  /** The names of an incomplete GET_VALUES, a record of at most 65,535 bytes. */
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
    return encodeAnswer(asked, this.#values);
  }
}
