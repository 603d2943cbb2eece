import { readableText } from "../../bytes.js";
import { byteText } from "../../cgi/request-from-variables.js";
import type { Variables } from "../../cgi/variables.js";

/** The texts of a request on a status page. */
export interface RequestTexts {
  requestMethod: string;
  requestUri: string;
  user: string;
  script: string;
  contentLength: number;
}

/** The most bytes that PHP-FPM keeps of each: method, URI with its query, user, script. */
const LENGTHS = [15, 600, 31, 255] as const;
/** The request's number twice, the lengths, CONTENT_LENGTH. */
const HEAD = 24;

export const noTexts: RequestTexts = {
  requestMethod: "-",
  requestUri: "-",
  user: "-",
  script: "-",
  contentLength: 0,
};

/**
 * Returns the texts of a request. The URI is PHP-FPM's: the script's name with the query.
 */
export function textsOf(variables: Variables): RequestTexts {
  const filled = (name: string): string | undefined =>
    readableText(byteText(variables, name)) || undefined;
  const script = filled("SCRIPT_NAME");
  const query = filled("QUERY_STRING");
  const named = query === undefined ? script : `${script}?${query}`;
  return {
    requestMethod: filled("REQUEST_METHOD") ?? "-",
    requestUri: (script === undefined ? filled("REQUEST_URI") : named) ?? "-",
    user: filled("REMOTE_USER") ?? "-",
    script: filled("SCRIPT_FILENAME") ?? "-",
    contentLength: Number(variables.filled("CONTENT_LENGTH") ?? 0) || 0,
  };
}

/**
 * Writes texts after the number of their request.
 *
 * @returns the number of bytes of `record` that were written
 */
export function encodeTexts(texts: RequestTexts, requests: number, record: Buffer): number {
  record.writeUInt32LE(requests, 0);
  record.writeDoubleLE(texts.contentLength, 8);
  const values = [texts.requestMethod, texts.requestUri, texts.user, texts.script];
  let at = HEAD;
  for (const [index, limit] of LENGTHS.entries()) {
    const length = record.write(values[index]!, at, limit, "utf8");
    record.writeUInt16LE(length, 16 + index * 2);
    at += length;
  }
  record.writeUInt32LE(requests, 4);
  return at;
}

/** Reads the texts of a request; undefined if the record is another request's, or half written. */
export function decodeTexts(record: Buffer, requests: number): RequestTexts | undefined {
  if (record.readUInt32LE(0) !== requests || record.readUInt32LE(4) !== requests) return undefined;
  let at = HEAD;
  const [requestMethod, requestUri, user, script] = LENGTHS.map((limit, index) => {
    const length = Math.min(limit, record.readUInt16LE(16 + index * 2));
    at += length;
    return record.toString("utf8", at - length, at);
  }) as [string, string, string, string];
  const contentLength = record.readDoubleLE(8);
  return { requestMethod, requestUri, user, script, contentLength };
}
