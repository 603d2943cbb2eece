import { GatewayError } from "../errors.js";
import { readText } from "./page-values.js";
import { poolOf } from "./pool-fields.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { type Grammar, knownKeys, type PageText, pageText } from "./process-grammar.js";
import { readProcesses } from "./processes.js";

const anyValue = String.raw`(?:"(?:[^"\\]|\\.){0,512}"|[^\s",:{}[\]]+)`;
const otherKey = `"(?!(?:${knownKeys})")[a-z ]{1,64}"`;
const others = `(?:${otherKey}:${anyValue},){0,8}`;
const count = String.raw`\d{1,20}`;

const grammar: Grammar = {
  head: new RegExp(
    [
      String.raw`\{"pid":(?<pid>\d{1,10}),`,
      `"state":"(?<state>[^"]{0,64})",`,
      `"start time":(?<startTime>${count}),`,
      `"start since":(?<startSince>${count}),`,
      `"requests":(?<requests>${count}),`,
      `"request duration":(?<duration>${count}),`,
      `"request method":"`,
    ].join(others),
    "g",
  ),
  beforeUri: '","request uri":"',
  beforeUser: new RegExp(`","content length":(?<length>${count}),${others}"user":"`, "g"),
  beforeScript: '","script":"',
  beforeTail: ['","last request cpu":', '","last request memory":'],
  tail: new RegExp(
    [
      String.raw`"(?:,"last request cpu":(?<cpu>[-+\w.]{1,40}(?:,\d{1,20})?))?`,
      `,"last request memory":(?<memory>${count})`,
      String.raw`(?:,"[a-z ]{1,64}":${anyValue}){0,8}\},?`,
    ].join(""),
    "y",
  ),
  growth: { path: 6, query: 6 },
  uriEnd,
  decodeUri,
  others: new RegExp(
    String.raw`"(?!(?:${knownKeys})")(?<key>[a-z ]{1,64})":"?(?<value>(?<=")(?:[^"\\]|\\.){0,512}|[^\s",:{}[\]]+)`,
    "g",
  ),
};

interface PoolField {
  key?: string;
  value?: string;
  close?: string;
}

/** The pool stands before any foreign text; behind it comes the list of processes, or the end. */
const poolField = new RegExp(
  String.raw`\s*"(?<key>[^"\\]{1,64})"\s*:\s*(?:(?<value>${anyValue})\s*(?<close>[,}])|\[)`,
  "y",
);

/**
 * Reads a JSON status page. PHP-FPM writes it by hand and escapes the URI at most, so it is not
 * always JSON, nor does what `JSON.parse` accepts say what PHP meant: a user may bring a second
 * `"pid"` along. The texts of a request are found by the fixed order around them.
 *
 * @throws GatewayError `truncated`, `malformed`
 */
export function parseJsonPage(bytes: Uint8Array): PoolStatus {
  const page = pageText(bytes);
  const { letters } = page;
  const { fields, end, hasProcesses } = readPool(page);
  const pool = poolOf(fields);
  if (hasProcesses) {
    const close = /\s*\]\s*\}\s*$/.exec(letters);
    if (close === null) throw cut(letters);
    if (close.index <= end) pool.processes = [];
    else readProcesses(pool, page, end, close.index, grammar);
  } else if (letters.slice(end).trim() !== "") {
    throw unreadable(letters, end);
  }
  return pool;
}

function readPool(page: PageText): { fields: OtherField[]; end: number; hasProcesses: boolean } {
  const { letters } = page;
  const fields: OtherField[] = [];
  let end = letters.indexOf("{") + 1;
  for (;;) {
    poolField.lastIndex = end;
    const match = poolField.exec(letters);
    if (match === null) throw unreadable(letters, end);
    const { key = "", value, close } = match.groups as PoolField;
    if (value === undefined) {
      if (key !== "processes") throw unreadable(letters, end);
      return { fields, end: poolField.lastIndex, hasProcesses: true };
    }
    const start = end + match[0].lastIndexOf(value);
    fields.push([key, unquote(readText(page.bytes, start, start + value.length))]);
    end = poolField.lastIndex;
    if (close === "}") return { fields, end, hasProcesses: false };
  }
}

function unreadable(letters: string, offset: number): GatewayError {
  return letters.trimEnd().endsWith("}")
    ? new GatewayError("malformed", "this JSON is not a status page of PHP-FPM", { offset })
    : cut(letters);
}

function cut(letters: string): GatewayError {
  const offset = letters.length;
  return new GatewayError("truncated", "the JSON status page ends early", { offset });
}

function unquote(value: string): string {
  return value.startsWith('"') ? unescapeJson(value.slice(1, -1)) : value;
}

/** The string behind JSON's escapes; the same text where it is not valid inside quotes. */
function unescapeJson(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

const escapedUri = /(?:-|\\\/(?:[^"\\]|\\.)*)(?=","content length":)/y;

/** Newer PHP escapes the whole URI and so its leading slash: nothing in it ends it early. */
function uriEnd(letters: string, start: number): number | undefined {
  escapedUri.lastIndex = start;
  return escapedUri.test(letters) ? escapedUri.lastIndex : undefined;
}

/** PHP escapes the whole URI, only the query, or nothing, by its version. */
function decodeUri(uri: string): string {
  if (uri.startsWith("\\/")) return unescapeJson(uri);
  const query = uri.indexOf("?") + 1;
  return query === 0 ? uri : uri.slice(0, query) + unescapeJson(uri.slice(query));
}
