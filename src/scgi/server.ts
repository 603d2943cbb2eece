import { ByteCollector, checkBytes } from "../bytes.js";
import { OneRequestServer } from "../cgi/one-request-server.js";
import { PackedVariables } from "../cgi/packed-variables.js";
import type { ServerHandlers } from "../cgi/server-machine.js";
import { otherClientError } from "../cgi/spoken-protocol.js";
import { parseContentLength, type Variable, Variables, variableOf } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import {
  EngineError,
  FrameFlag,
  FrameRow,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { NetstringFraming, type NetstringOptions } from "./netstring.js";

/** The head of an SCGI request. */
export interface ScgiRequest {
  variables: Variables;
  /**
   * Bytes of the body that follows. 0 when there is no CONTENT_LENGTH and the decoder is not
   * strict.
   */
  contentLength: number;
  /** A view of the bytes after the head in the same chunk. */
  rest: Uint8Array;
}

/**
 * Decodes the head of an SCGI request, in chunks of any length.
 *
 * A strict decoder demands what SCGI (2008-06-23) does: CONTENT_LENGTH is the first header, `SCGI`
 * is `1`, no name is repeated, and lengths have no leading zeros. By default none of this is
 * checked, because nginx repeats names. Both refuse a CONTENT_LENGTH that is not a decimal number.
 */
export class ScgiRequestDecoder {
  readonly #framing: NetstringFraming;
  readonly #strict: boolean;
  readonly #headers = new ByteCollector();
  /** The offset of the first header in the connection. */
  #headersStart = 0;
  #firstByte: number | undefined;
  #done = false;

  constructor(options: NetstringOptions = {}, engine: Engine = defaultEngine()) {
    this.#framing = new NetstringFraming(options, engine);
    this.#strict = options.strict === true;
  }

  /**
   * Takes the next bytes.
   *
   * @returns the request once its head is complete. Do not call it again afterwards
   * @throws GatewayError `malformed` or `limit_exceeded` with the offset in the connection,
   * `wrong_protocol` when the client speaks another protocol
   */
  push(bytes: Uint8Array): ScgiRequest | undefined {
    checkBytes("bytes", bytes);
    if (this.#done) throw new Error("the head of this request is complete");
    const { engine } = this.#framing;
    const { memory } = engine;
    this.#firstByte ??= bytes[0];
    const input = bytes.buffer === memory.buffer ? bytes.slice() : bytes;
    for (let offset = 0; offset < input.length; ) {
      const piece = input.subarray(offset, offset + WINDOW_SIZE);
      memory.set(piece, WINDOW);
      const before = this.#framing.received;
      const taken = this.#framing.run(piece.length, 1);
      if (typeof taken !== "number") throw this.#asPeer(taken);
      offset += taken;
      const variables = this.#take(before);
      if (variables !== undefined) {
        this.#done = true;
        const contentLength = this.#check(variables);
        return { variables, contentLength, rest: input.subarray(offset) };
      }
    }
    return undefined;
  }

  /**
   * Takes the end of the connection, which is valid before the first byte and after the head.
   *
   * @throws GatewayError `truncated` inside the head
   */
  end(): void {
    const error = this.#framing.closed();
    if (error !== undefined) throw error;
  }

  /** Takes the piece of the netstring that the last call framed. */
  #take(before: number): Variables | undefined {
    const { engine, rows, complete } = this.#framing;
    const { memory, table } = engine;
    if (rows > 0) {
      const start = table[FrameRow.Start]!;
      const length = table[FrameRow.Length]!;
      const flags = table[FrameRow.Flags]!;
      const begins = (flags & FrameFlag.Begins) !== 0;
      if (begins) this.#headersStart = before + start - WINDOW;
      // The whole netstring is in the window: no copy is needed.
      if (begins && complete === 1) return this.#split(start, length);
      this.#headers.push(memory.subarray(start, start + length));
    }
    return complete === 1 ? new Variables(this.#splitCollected()) : undefined;
  }

  /** Splits headers that lie in the window completely. */
  #split(start: number, length: number): Variables {
    const { engine } = this.#framing;
    const rows = this.#splitRows(start, length, 0);
    if (this.#consumed === length) {
      return new Variables(new PackedVariables(engine, start, length, rows));
    }
    const variables: Variable[] = [];
    for (let taken = 0; taken < length; ) {
      const consumed = this.#splitSome(start + taken, length - taken, taken, variables);
      if (consumed === 0) throw this.#unfinished(taken);
      taken += consumed;
    }
    return new Variables(variables);
  }

  /** Splits headers that arrived in pieces, window by window. */
  #splitCollected(): Variable[] {
    const headers = this.#headers.take();
    const variables: Variable[] = [];
    for (let taken = 0; taken < headers.length; ) {
      const piece = headers.subarray(taken, taken + WINDOW_SIZE);
      this.#framing.engine.memory.set(piece, WINDOW);
      const consumed = this.#splitSome(WINDOW, piece.length, taken, variables);
      taken += consumed > 0 ? consumed : this.#splitLong(headers, taken, variables);
    }
    return variables;
  }

  #splitSome(start: number, length: number, offset: number, variables: Variable[]): number {
    const rows = this.#splitRows(start, length, offset);
    variables.push(...new PackedVariables(this.#framing.engine, start, this.#consumed, rows));
    return this.#consumed;
  }

  /** @returns how many headers are in the engine's table */
  #splitRows(start: number, length: number, offset: number): number {
    const { engine } = this.#framing;
    const rows = engine.splitHeaders(start, length);
    if (rows !== EngineError.EmptyName) return rows;
    const at = offset + engine.results[TableResult.ErrorOffset]!;
    throw this.#malformed("a header has an empty name", at);
  }

  /** How many bytes the engine has split. */
  get #consumed(): number {
    return this.#framing.engine.results[TableResult.Consumed]!;
  }

  /** Splits a header that is longer than the window. */
  #splitLong(headers: Uint8Array, start: number, variables: Variable[]): number {
    const nameEnd = headers.indexOf(0, start);
    const valueEnd = nameEnd < 0 ? -1 : headers.indexOf(0, nameEnd + 1);
    if (valueEnd < 0) throw this.#unfinished(start);
    const valueLength = valueEnd - nameEnd - 1;
    variables.push(variableOf(headers, start, nameEnd - start, nameEnd + 1, valueLength));
    return valueEnd + 1 - start;
  }

  #check(variables: Variables): number {
    if (!this.#strict) {
      const missing = !variables.has("CONTENT_LENGTH");
      return missing ? 0 : (variables.contentLength ?? parseContentLength(""));
    }
    const [first] = variables;
    if (first?.[0] !== "CONTENT_LENGTH") {
      throw this.#malformed("the first header is not CONTENT_LENGTH", 0);
    }
    const names = new Set<string>();
    for (const [name] of variables) {
      if (names.has(name)) throw this.#malformed(`the header ${name} is repeated`, 0);
      names.add(name);
    }
    if (variables.get("SCGI") !== "1") throw this.#malformed("no header SCGI with the value 1", 0);
    return parseContentLength(variables.get("CONTENT_LENGTH") as string);
  }

  #unfinished(offset: number): GatewayError {
    return this.#malformed("the headers end inside a header", offset);
  }

  #malformed(message: string, offset: number): GatewayError {
    const at = this.#headersStart + offset;
    return new GatewayError(ErrorCode.Malformed, `${message}, at byte ${at}`, { offset: at });
  }

  #asPeer(error: GatewayError): GatewayError {
    if (error.offset !== 0) return error;
    return otherClientError(String.fromCharCode(this.#firstByte as number), "SCGI") ?? error;
  }
}

export interface ScgiServerOptions {
  limits?: Partial<Pick<Limits, "variables">> | undefined;
  /**
   * Whether requests must follow all rules of SCGI, see {@link ScgiRequestDecoder}. Default: false.
   */
  strict?: boolean | undefined;
  engine?: Engine | undefined;
}

/** The application's side of an SCGI connection. It does no I/O, and answers as CGI programs do. */
export function createScgiServer(
  handlers: ServerHandlers,
  options: ScgiServerOptions = {},
): OneRequestServer {
  const { engine, strict } = options;
  const limit = options.limits?.variables ?? defaultLimits.variables;
  const decoder = new ScgiRequestDecoder({ limit, strict }, engine);
  return new OneRequestServer(decoder, handlers, "status-field");
}
