import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import { unescapeJson } from "./field-values.js";
import { type Field, isText } from "./fields.js";
import { readOrderedProcesses } from "./ordered-json.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { type PageText, pageText } from "./process-blocks.js";
import { COUNT, type Grammar, knownKeys, marksOf } from "./process-grammar.js";
import { countWarnings, readProcesses } from "./processes.js";
import { poolOf, processOf } from "./records.js";

const anyValue = String.raw`(?:"(?:[^"\\]|\\.){0,512}"|[^\s",:{}[\]]+)`;

const quote = ({ type }: Field): string => (isText(type) ? '"' : "");

const grammar: Grammar = {
  ...marksOf({
    start: String.raw`\{`,
    open: (field) => `"${field.key}":${quote(field)}`,
    close: quote,
    separator: ",",
    values: {
      state: '[^"]{0,64}',
      date: COUNT,
      percent: String.raw`[-+\w.]{1,40}(?:,\d{1,20})?`,
    },
    other: `"(?!(?:${knownKeys})")[a-z ]{1,64}":${anyValue},`,
    last: `,"[a-z ]{1,64}":${anyValue}`,
    end: String.raw`\},?`,
  }),
  growth: { path: 6, query: 6 },
  raw: '"',
  uriEnd,
  decodeUri,
  decode: (text) => text,
  others: new RegExp(
    String.raw`"(?!(?:${knownKeys})")(?<key>[a-z ]{1,64})":"?(?<value>(?<=")(?:[^"\\]|\\.){0,512}|[^\s",:{}[\]]+)`,
    "g",
  ),
};

/** A field of the pool. No text of a client stands before the list of processes. */
const poolField = new RegExp(`[{,]"(?<key>[^"\\\\]{1,64})":(?<value>${anyValue})`, "y");
const listStart = ', "processes":[';

/**
 * Reads a JSON status page. PHP-FPM escapes at most the URI, so its page is not always JSON, and if it
 * is, `JSON.parse` may read something else than PHP meant, such as a second `"pid"` in a user's name.
 * The texts of a request are found by the fixed order of the fields around them. A page in another
 * layout was written again by another program, and is JSON.
 *
 * @throws GatewayError `truncated`, `malformed`
 */
export function readJsonPage(bytes: Uint8Array): PoolStatus {
  return readOrderedPage(bytes) ?? readAnyPage(pageText(bytes));
}

/** Reads a page with processes if it has one meaning: see {@link readOrderedProcesses}. */
function readOrderedPage(bytes: Uint8Array): PoolStatus | undefined {
  const letters = utf8(bytes, 0, bytes.length);
  // With other letters than those of ASCII, offsets are not those of the bytes.
  if (letters.length !== bytes.length || letters.includes("\ufffd")) return undefined;
  const listEnd = letters.lastIndexOf("]");
  if (!/^\]\s*\}\s*$/.test(letters.slice(listEnd))) return undefined;
  const { fields, end } = readPool({ bytes, letters });
  if (!letters.startsWith(listStart, end)) return undefined;
  const pool = poolOf(fields);
  const total = pool.totalProcesses ?? 0;
  const processes = readOrderedProcesses(letters, end + listStart.length, listEnd, total);
  if (processes === undefined) return undefined;
  pool.processes = processes;
  pool.warnings = countWarnings(pool);
  return pool;
}

/** @internal Exported for a test that compares it with {@link readJsonPage}. */
export function readAnyPage(page: PageText): PoolStatus {
  const { letters } = page;
  const { fields, end } = readPool(page);
  if (/^\}\s*$/.test(letters.slice(end))) return poolOf(fields);
  if (!letters.startsWith(listStart, end)) return parseRewrittenPage(page, end);
  const pool = poolOf(fields);
  const start = end + listStart.length;
  const close = /\s*\]\s*\}\s*$/.exec(letters);
  if (close === null) throw cut(letters);
  if (close.index <= start) pool.processes = [];
  else readProcesses(pool, page, start, close.index, grammar);
  return pool;
}

/** Reads the fields that are spelled as PHP spells them, up to the first that is not. */
function readPool({ bytes, letters }: PageText): { fields: OtherField[]; end: number } {
  const fields: OtherField[] = [];
  let end = letters.indexOf("{");
  for (;;) {
    poolField.lastIndex = end;
    const { key = "", value = "" } = poolField.exec(letters)?.groups ?? {};
    if (value === "") return { fields, end };
    end = poolField.lastIndex;
    fields.push([key, unquote(utf8(bytes, end - value.length, end))]);
  }
}

function parseRewrittenPage({ bytes, letters }: PageText, offset: number): PoolStatus {
  let page: object;
  try {
    page = JSON.parse(utf8(bytes, 0, bytes.length)) as object;
  } catch {
    throw unreadable(letters, offset);
  }
  const { processes, ...fields } = page as { processes?: unknown };
  const pool = poolOf(fieldsOf(fields));
  if (processes === undefined) return pool;
  if (!Array.isArray(processes)) throw unreadable(letters, offset);
  pool.processes = processes.map((process: unknown) => {
    const isProcess = typeof process === "object" && process !== null && "pid" in process;
    if (!isProcess) throw unreadable(letters, offset);
    return processOf(fieldsOf(process));
  });
  pool.warnings = countWarnings(pool);
  return pool;
}

function fieldsOf(values: object): OtherField[] {
  return Object.entries(values).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

function unreadable(letters: string, offset: number): GatewayError {
  return letters.trimEnd().endsWith("}")
    ? new GatewayError("not_a_status_page", "this JSON is not a status page of PHP-FPM", { offset })
    : cut(letters);
}

function cut(letters: string): GatewayError {
  const offset = letters.length;
  return new GatewayError("truncated", "the JSON status page ends early", { offset });
}

function unquote(value: string): string {
  return value.startsWith('"') ? unescapeJson(value.slice(1, -1)) : value;
}

const escapedUri = /(?:-|\\\/(?:[^"\\]|\\.)*)(?=","content length":)/y;

/** Newer versions of PHP escape the whole URI, which then begins with `\/`: no quote in it ends it. */
function uriEnd(letters: string, start: number): number | undefined {
  escapedUri.lastIndex = start;
  return escapedUri.test(letters) ? escapedUri.lastIndex : undefined;
}

/** Depending on its version, PHP escapes the whole URI, only the query, or nothing. */
function decodeUri(uri: string): string {
  if (uri.startsWith("\\/")) return unescapeJson(uri);
  const query = uri.indexOf("?") + 1;
  return query === 0 ? uri : uri.slice(0, query) + unescapeJson(uri.slice(query));
}
