import { ByteCollector, checkBytes, latin1 } from "../bytes.js";
import { otherClientError } from "../cgi/spoken-protocol.js";
import type { Variables } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { PairDecoder } from "./pair-decoder.js";
import { NULL_REQUEST_ID, RecordType, Role } from "./protocol.js";
import { atRecord, decodeBody, type FastCgiRecord, FastCgiRecordDecoder } from "./records.js";

/**
 * A part of what a front end sends on a FastCGI connection, by its `kind`:
 * - `request`: a request whose variables are complete. `role` is a {@link Role}, or a number that
 *   FastCGI does not define; `keepConnection` says whether the application leaves the connection
 *   open after its response;
 * - `stdin`, `data`: a part of the body, or of the file that a filter filters; never empty;
 * - `end`: the request has arrived completely;
 * - `abort`: the front end aborts the request, whose response may have been sent already;
 * - `get-values`: the front end asks for values of the application, by their names;
 * - `unknown-type`: a management record that UNKNOWN_TYPE answers.
 */
export type FastCgiRequestEvent =
  | {
      kind: "request";
      requestId: number;
      role: number;
      flags: number;
      keepConnection: boolean;
      variables: Variables;
    }
  | { kind: "stdin" | "data"; requestId: number; bytes: Uint8Array }
  | { kind: "end"; requestId: number }
  | { kind: "abort"; requestId: number }
  | { kind: "get-values"; names: string[] }
  | { kind: "unknown-type"; type: number };

/** `limits` are on the variables of a request, its records, and the requests at a time. */
export interface FastCgiRequestDecoderOptions {
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  engine?: Engine | undefined;
}

/** Bytes that tell the protocol. A record has more. */
const START_LENGTH = 4;

/** A request that has not arrived completely. */
interface OpenRequest {
  readonly role: number;
  readonly flags: number;
  readonly keepConnection: boolean;
  /** How many records the connection had before this request. */
  readonly recordsBefore: number;
  /** Decodes the variables; undefined once they are complete. */
  params: PairDecoder | undefined;
  /** The streams after PARAMS that have not ended. */
  readonly open: Set<"stdin" | "data">;
}

/**
 * Decodes the requests of a FastCGI connection, in chunks of any length: all roles, one request
 * after another or several at once. What it yields does not depend on the chunks.
 */
export class FastCgiRequestDecoder {
  /** Bytes of contents that were skipped: of inactive requests, and of types for front ends. */
  ignored = 0;
  readonly #engine: Engine;
  readonly #limits: Pick<Limits, "variables" | "records" | "requests">;
  readonly #records = new FastCgiRecordDecoder();
  readonly #requests = new Map<number, OpenRequest>();
  /** The first bytes, until they tell the protocol. */
  readonly #start = new ByteCollector();
  #isStarted = false;
  #count = 0;

  constructor(options: FastCgiRequestDecoderOptions = {}) {
    const { limits } = options;
    this.#engine = options.engine ?? defaultEngine();
    this.#limits = {
      variables: limits?.variables ?? defaultLimits.variables,
      records: limits?.records ?? defaultLimits.records,
      requests: limits?.requests ?? defaultLimits.requests,
    };
  }

  /**
   * Takes the next bytes, and yields the parts that they complete. Iterate to the end: bytes are
   * taken as the parts are.
   *
   * @throws GatewayError `malformed`, `truncated` (variables that end inside a pair) or
   * `limit_exceeded`, with the offset of the record in the connection; `wrong_protocol` when the
   * client speaks another protocol; all after the parts before it. The decoder cannot be used
   * afterwards
   */
  *push(bytes: Uint8Array): Generator<FastCgiRequestEvent, void, undefined> {
    checkBytes("bytes", bytes);
    let rest = bytes;
    if (!this.#isStarted) {
      this.#start.push(bytes);
      if (this.#start.length < START_LENGTH) return;
      this.#isStarted = true;
      rest = this.#start.take();
      const other = otherClientError(latin1(rest, 0, START_LENGTH), "FastCGI");
      if (other !== undefined) throw other;
    }
    for (const record of this.#records.push(rest)) {
      this.#count += 1;
      yield* this.#take(record);
      this.#checkRecords(record);
    }
  }

  /**
   * Takes the end of the connection, which is valid between requests.
   *
   * @throws GatewayError `truncated` inside a request
   */
  end(): void {
    if (this.#start.length > 0) {
      const message = "the bytes end inside the header of the record at byte 0";
      throw new GatewayError(ErrorCode.Truncated, message, { offset: 0 });
    }
    this.#records.end();
    for (const id of this.#requests.keys()) {
      const { offset } = this.#records;
      const message = `the bytes end after ${offset}, inside the request ${id}`;
      throw new GatewayError(ErrorCode.Truncated, message, { offset });
    }
  }

  *#take(record: FastCgiRecord): Generator<FastCgiRequestEvent, void, undefined> {
    const { type, requestId, contentLength } = record;
    if (requestId === NULL_REQUEST_ID && type !== RecordType.GetValues) {
      yield { kind: "unknown-type", type };
      return;
    }
    const body = decodeBody(record);
    const request = this.#requests.get(requestId);
    switch (body.kind) {
      case "get-values":
        yield body;
        return;
      case "begin-request":
        this.#begin(record, body);
        return;
      case "abort-request":
        this.#requests.delete(requestId);
        yield { kind: "abort", requestId };
        return;
      case "params":
        if (request?.params === undefined) break;
        atRecord(record, () => request.params?.push(body.bytes));
        if (body.ends) yield* this.#completeParams(record, request, request.params);
        return;
      case "stdin":
      case "data":
        if (request?.params !== undefined) throw paramsMissing(record, body.kind);
        if (request === undefined || !request.open.has(body.kind)) break;
        if (body.ends) yield* this.#endStream(requestId, request, body.kind);
        else yield { kind: body.kind, requestId, bytes: body.bytes };
        return;
    }
    this.ignored += contentLength;
  }

  *#completeParams(
    record: FastCgiRecord,
    request: OpenRequest,
    params: PairDecoder,
  ): Generator<FastCgiRequestEvent, void, undefined> {
    const { requestId } = record;
    const { role, flags, keepConnection } = request;
    const variables = atRecord(record, () => params.variables());
    request.params = undefined;
    yield { kind: "request", requestId, role, flags, keepConnection, variables };
    yield* this.#endStream(requestId, request, undefined);
  }

  /** Ends a stream, and the request with the last one. */
  *#endStream(
    requestId: number,
    request: OpenRequest,
    stream: "stdin" | "data" | undefined,
  ): Generator<FastCgiRequestEvent, void, undefined> {
    if (stream !== undefined) request.open.delete(stream);
    if (request.open.size > 0) return;
    this.#requests.delete(requestId);
    yield { kind: "end", requestId };
  }

  #begin(
    record: FastCgiRecord,
    { role, flags, keepConnection }: Pick<OpenRequest, "role" | "flags" | "keepConnection">,
  ): void {
    const { requestId, offset } = record;
    if (this.#requests.has(requestId)) {
      throw new GatewayError(
        ErrorCode.Malformed,
        `the request ${requestId} begins a second time before it is complete, at byte ${offset}`,
        { offset },
      );
    }
    if (this.#requests.size >= this.#limits.requests) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `more than ${this.#limits.requests} requests are incomplete at byte ${offset}`,
        { offset },
      );
    }
    this.#requests.set(requestId, {
      role,
      flags,
      keepConnection,
      recordsBefore: this.#count - 1,
      params: new PairDecoder({ limit: this.#limits.variables, engine: this.#engine }),
      open: new Set(streamsOf(role)),
    });
  }

  /** Limits the records of the connection since its oldest request began. */
  #checkRecords({ offset }: FastCgiRecord): void {
    const [oldest] = this.#requests.values();
    if (oldest === undefined || this.#count - oldest.recordsBefore <= this.#limits.records) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the request has more than ${this.#limits.records} records at byte ${offset}`,
      { offset },
    );
  }
}

/** The streams of a role. An authorizer gets no body (FastCGI 1.0 §6.3), and only a filter data. */
function streamsOf(role: number): ("stdin" | "data")[] {
  switch (role) {
    case Role.Authorizer:
      return [];
    case Role.Filter:
      return ["stdin", "data"];
    default:
      return ["stdin"];
  }
}

function paramsMissing({ requestId, offset }: FastCgiRecord, stream: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `the request ${requestId} has ${stream.toUpperCase()} before the end of its PARAMS, at byte ${offset}`,
    { offset },
  );
}
