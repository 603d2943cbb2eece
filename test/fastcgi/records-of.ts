import { encodePairs, encodeRecord, endOfStream } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { decodeBody, FastCgiRecordDecoder, type RecordBody } from "../../src/fastcgi/records.js";

/** Bytes as records: `[id, body]` each, streams as Latin-1 text. */
export function bodiesOf(sent: Uint8Array): (readonly [id: number, body: RecordBody])[] {
  const decoder = new FastCgiRecordDecoder();
  const bodies = [...decoder.push(sent)].map(
    (record) => [record.requestId, decodeBody(record)] as const,
  );
  decoder.end();
  return bodies;
}

/** The records in bytes that were sent, in short: `1 stdout hello`, `1 end 0 0`. */
export function summaryOf(sent: Uint8Array): string[] {
  return bodiesOf(sent).map(([id, body]) => `${id} ${inShort(body)}`);
}

function inShort(body: RecordBody): string {
  switch (body.kind) {
    case "end-request":
      return `end ${body.appStatus} ${body.protocolStatus}`;
    case "get-values-result":
      return ["values", ...body.values.map(([name, value]) => `${name}=${value}`)].join(" ");
    case "unknown-type":
      return `unknown ${body.type}`;
    default:
      if (!("bytes" in body) || body.bytes.length === 0) return body.kind;
      return `${body.kind} ${Buffer.from(body.bytes).toString("latin1")}`;
  }
}

/** A record of any type and id with text for content. */
export function record(type: number, id: number, content = ""): Uint8Array {
  return encodeRecord(type, id, new Uint8Array(Buffer.from(content, "latin1")));
}

export function begin(id = 1, { role = 1, keep = true } = {}): Uint8Array {
  const flags = keep ? 1 : 0;
  return encodeRecord(
    RecordType.BeginRequest,
    id,
    Uint8Array.of(role >> 8, role, flags, 0, 0, 0, 0, 0),
  );
}

export function params(id: number, variables: Readonly<Record<string, string>>): Uint8Array {
  const pairs = encodePairs(Object.entries(variables));
  const end = endOfStream(RecordType.Params, id);
  return pairs.length === 0 ? end : join(encodeRecord(RecordType.Params, id, pairs), end);
}

export const endStdin = (id = 1): Uint8Array => endOfStream(RecordType.Stdin, id);

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
