import type { Variable } from "../cgi/variable.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { PairDecoder } from "./pair-decoder.js";
import { KEEP_CONN, RecordType } from "./protocol.js";
import type { FastCgiRecord } from "./records.js";

/** What a record's content says. `stream` contents are pieces: PARAMS may break inside a pair. */
export type RecordBody =
  | { kind: "begin-request"; role: number; flags: number; keepConnection: boolean }
  | { kind: "abort-request" }
  | { kind: "end-request"; appStatus: number; protocolStatus: number }
  | { kind: "params" | "stdin" | "stdout" | "stderr" | "data"; bytes: Uint8Array; ends: boolean }
  | { kind: "get-values"; names: string[] }
  | { kind: "get-values-result"; values: Variable[] }
  | { kind: "unknown-type"; type: number }
  | { kind: "other"; bytes: Uint8Array };

const streamKinds = new Map<number, "params" | "stdin" | "stdout" | "stderr" | "data">([
  [RecordType.Params, "params"],
  [RecordType.Stdin, "stdin"],
  [RecordType.Stdout, "stdout"],
  [RecordType.Stderr, "stderr"],
  [RecordType.Data, "data"],
]);

/**
 * Reads the content of a record by its type, all eleven of them (FastCGI 1.0 §4 and §5).
 *
 * @throws GatewayError `malformed` or `truncated`, with the offset of the record, when the content
 * is not what its type has
 */
export function decodeBody(record: FastCgiRecord): RecordBody {
  const { type, content } = record;
  const stream = streamKinds.get(type);
  if (stream !== undefined) return { kind: stream, bytes: content, ends: content.length === 0 };
  switch (type) {
    case RecordType.BeginRequest: {
      const view = fixedBody(record);
      const flags = view.getUint8(2);
      const keepConnection = (flags & KEEP_CONN) !== 0;
      return { kind: "begin-request", role: view.getUint16(0), flags, keepConnection };
    }
    case RecordType.AbortRequest:
      return { kind: "abort-request" };
    case RecordType.EndRequest: {
      const view = fixedBody(record);
      const appStatus = view.getUint32(0);
      return { kind: "end-request", appStatus, protocolStatus: view.getUint8(4) };
    }
    case RecordType.GetValues:
      return { kind: "get-values", names: pairsOf(record).map(([name]) => name) };
    case RecordType.GetValuesResult:
      return { kind: "get-values-result", values: pairsOf(record) };
    case RecordType.UnknownType:
      return { kind: "unknown-type", type: fixedBody(record).getUint8(0) };
    default:
      return { kind: "other", bytes: content };
  }
}

function fixedBody({ content, offset }: FastCgiRecord): DataView {
  if (content.length === 8) return new DataView(content.buffer, content.byteOffset, 8);
  throw new GatewayError(
    ErrorCode.Malformed,
    `the record at byte ${offset} needs a content of 8 bytes and has ${content.length}`,
    { offset },
  );
}

function pairsOf({ content, offset }: FastCgiRecord): Variable[] {
  const decoder = new PairDecoder();
  try {
    decoder.push(content);
    return decoder.finish();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message } = error;
    throw new GatewayError(code, `the record at byte ${offset}: ${message}`, {
      offset,
      cause: error,
    });
  }
}
