import { viewOf } from "../bytes.js";
import { GatewayError } from "../errors.js";
import { PairDecoder } from "../fastcgi/pair-decoder.js";
import {
  ProtocolStatus,
  RECORD_HEADER_LENGTH,
  RecordType,
  Role,
  VERSION,
} from "../fastcgi/protocol.js";
import {
  decodeBody,
  type FastCgiRecord,
  FastCgiRecordDecoder,
  type RecordBody,
} from "../fastcgi/records.js";
import { visible } from "../terminal/text.js";
import { type Describer, excerpt, innerLine, offsetLine, variableLines } from "./describer.js";

const typeNames = new Map<number, string>([
  [RecordType.BeginRequest, "BEGIN_REQUEST"],
  [RecordType.AbortRequest, "ABORT_REQUEST"],
  [RecordType.EndRequest, "END_REQUEST"],
  [RecordType.Params, "PARAMS"],
  [RecordType.Stdin, "STDIN"],
  [RecordType.Stdout, "STDOUT"],
  [RecordType.Stderr, "STDERR"],
  [RecordType.Data, "DATA"],
  [RecordType.GetValues, "GET_VALUES"],
  [RecordType.GetValuesResult, "GET_VALUES_RESULT"],
  [RecordType.UnknownType, "UNKNOWN_TYPE"],
]);

const roleNames = new Map<number, string>([
  [Role.Responder, "responder"],
  [Role.Authorizer, "authorizer"],
  [Role.Filter, "filter"],
]);

const protocolStatusNames = new Map<number, string>([
  [ProtocolStatus.RequestComplete, "REQUEST_COMPLETE"],
  [ProtocolStatus.CannotMultiplexConnection, "CANT_MPX_CONN"],
  [ProtocolStatus.Overloaded, "OVERLOADED"],
  [ProtocolStatus.UnknownRole, "UNKNOWN_ROLE"],
]);

/** PARAMS streams at a time whose variables are shown; beyond, the oldest is given up. */
const MAX_PARAMS = 64;

/**
 * Whether bytes begin with a FastCGI record, as far as can be told: with headers, each after the
 * record before it.
 */
export function beginsWithRecord(bytes: Uint8Array): boolean {
  if (bytes.length < RECORD_HEADER_LENGTH) return false;
  const view = viewOf(bytes);
  for (let at = 0; at + RECORD_HEADER_LENGTH <= bytes.length; ) {
    const isHeader = bytes[at] === VERSION && typeNames.has(bytes[at + 1]!) && bytes[at + 7] === 0;
    if (!isHeader) return false;
    at += RECORD_HEADER_LENGTH + view.getUint16(at + 4) + bytes[at + 6]!;
  }
  return true;
}

/**
 * FastCGI records, one line each. A malformed content is reported in its place, and the records
 * after it are still described.
 */
export class FastCgiDescriber implements Describer {
  readonly #records: FastCgiRecordDecoder;
  readonly #most: number;
  /** The PARAMS streams that have not ended, by request id. */
  readonly #params = new Map<number, PairDecoder>();
  #problem: GatewayError | undefined;

  /**
   * @param most how many bytes of a content are shown
   * @param offset where the first byte stands in its stream
   */
  constructor(most: number, offset = 0) {
    this.#most = most;
    this.#records = new FastCgiRecordDecoder({ offset });
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    for (const record of this.#records.push(bytes)) yield* this.#record(record);
  }

  end(): Iterable<string> {
    this.#records.end();
    if (this.#problem !== undefined) throw this.#problem;
    for (const params of this.#params.values()) params.finish();
    return [];
  }

  *#record(record: FastCgiRecord): Generator<string, void, undefined> {
    const { type, requestId, contentLength, paddingLength } = record;
    const facts = [
      (typeNames.get(type) ?? `type ${type}`).padEnd(17),
      `id ${requestId}`,
      `content ${contentLength}`,
      `padding ${paddingLength}`,
    ];
    let summary = excerpt(record.content, this.#most);
    let inner: Iterable<string>;
    try {
      const body = decodeBody(record);
      summary = this.#facts(body);
      inner = variableLines(this.#variables(body, requestId));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#problem ??= error;
      inner = [innerLine(`wrong: ${visible(error.message)}`)];
    }
    yield offsetLine(record.offset, ...facts, summary);
    yield* inner;
  }

  /** The content of a record without its variables. */
  #facts(body: RecordBody): string {
    switch (body.kind) {
      case "begin-request": {
        const role = roleNames.get(body.role) ?? "unknown";
        const keep = body.keepConnection ? " (KEEP_CONN)" : "";
        return `role ${body.role} (${role})  flags ${body.flags}${keep}`;
      }
      case "end-request": {
        const status = protocolStatusNames.get(body.protocolStatus) ?? "unknown";
        return `appStatus ${body.appStatus}  protocolStatus ${body.protocolStatus} (${status})`;
      }
      case "unknown-type":
        return `of type ${body.type}`;
      case "get-values":
        return body.names.map(visible).join(", ");
      case "params":
        return body.ends ? "end of stream" : "";
      case "stdin":
      case "stdout":
      case "stderr":
      case "data":
        return body.ends ? "end of stream" : excerpt(body.bytes, this.#most);
      case "other":
        return excerpt(body.bytes, this.#most);
      default:
        return "";
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#params.keys();
    if (oldest !== undefined && this.#params.size > MAX_PARAMS) this.#params.delete(oldest);
  }

  /** The variables that this record completes. */
  #variables(body: RecordBody, requestId: number) {
    if (body.kind === "get-values-result") return body.values;
    if (body.kind !== "params") return [];
    const decoder = this.#params.get(requestId) ?? new PairDecoder();
    if (body.ends) {
      this.#params.delete(requestId);
      decoder.finish();
      return [];
    }
    this.#params.set(requestId, decoder);
    this.#forgetOldest();
    const before = decoder.pairs.length;
    decoder.push(body.bytes);
    return decoder.pairs.slice(before);
  }
}
