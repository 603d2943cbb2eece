import { utf8 } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import { LineReader } from "../engine/line-reader.js";
import { LineKind } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { GatewayError } from "../errors.js";
import type { FieldValue } from "./field-values.js";
import { entriesOf, isText, ORDERED_SINCE, type PoolFieldName, poolFields } from "./fields.js";
import type { PoolStatus } from "./pool-status.js";
import { ProcessRows } from "./process-rows.js";
import { countWarnings } from "./processes.js";
import { readJsonPage } from "./read-json.js";
import { readOpenMetricsPage } from "./read-openmetrics.js";
import { readTextPage } from "./read-text.js";
import { readXmlPage } from "./read-xml.js";
import { createPool, type WritablePool } from "./records.js";
import type { StatusFormat } from "./write-page.js";

export interface ParseStatusPageOptions {
  /** The only format to accept. Default: any; the first bytes of the page show which it is. */
  format?: Exclude<StatusFormat, "html"> | undefined;
  /** The engine that splits the lines of a text page. Default: the engine of the process. */
  engine?: Engine | undefined;
}

/**
 * Reads a PHP-FPM status page (`pm.status_path`), plain or full, of PHP 5.3 to 8.5, in text, JSON,
 * XML or OpenMetrics. Nothing that a client of the pool may have written into it, quotes and newlines
 * included, moves or changes a field of another process. A request that contains a whole process as
 * PHP-FPM writes it adds a row: {@link PoolStatus.warnings} names the rows that may be forged.
 *
 * @param body the body of the response. Do not write to it afterwards: the texts of processes are
 * decoded when they are read. A page in the engine's memory is copied
 * @throws GatewayError `not_a_status_page` for anything else, or if a part of it cannot be read;
 * `truncated` if the page ends early
 */
export function parseStatusPage(
  body: Uint8Array,
  options: ParseStatusPageOptions = {},
): PoolStatus {
  const page = body[0] === P ? body : withoutBlankStart(body);
  const format = sniff(page);
  if (format === undefined || (options.format !== undefined && options.format !== format)) {
    throw notAStatusPage(page, options.format);
  }
  switch (format) {
    case "text":
      return readOrderedPage(page, options.engine ?? defaultEngine()) ?? readTextPage(page);
    case "json":
      return readJsonPage(page);
    case "xml":
      return readXmlPage(page);
    case "openmetrics":
      return readOpenMetricsPage(page);
  }
}

type ReadableFormat = Exclude<StatusFormat, "html">;

const P = 0x70;
const O = 0x6f;
/** How pages begin. Text pages have begun with `pool` since PHP 5.3.4. */
const beginnings: readonly (readonly [ReadableFormat, RegExp])[] = [
  ["json", /^\{\s*"(?:pool|accepted conn|process manager)"\s*:/],
  ["xml", /^(?:<\?xml[^>]*>\s*)?<status>/],
  ["openmetrics", /^# (?:HELP|TYPE|UNIT) phpfpm_/],
  ["text", /^(?:pool|accepted conn|process manager):/],
];

/** A proxy or a script may add newlines, spaces and a byte order mark before a page. */
function withoutBlankStart(page: Uint8Array): Uint8Array {
  let start = 0;
  while ([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].includes(page[start] ?? 0)) start++;
  return start === 0 ? page : page.subarray(start);
}

function sniff(page: Uint8Array): ReadableFormat | undefined {
  if (page[0] === P && page[1] === O && page[4] === 0x3a) return "text";
  const start = beginning(page);
  return beginnings.find(([, pattern]) => pattern.test(start))?.[0];
}

/** As much of a page as shows what it is. */
function beginning(page: Uint8Array): string {
  return new TextDecoder().decode(page.subarray(0, 256));
}

function notAStatusPage(page: Uint8Array, wanted: StatusFormat | undefined): GatewayError {
  const expected = wanted === undefined ? "a status page" : `a status page in ${wanted}`;
  return new GatewayError("not_a_status_page", `not ${expected}, but ${describe(page)}`);
}

function describe(page: Uint8Array): string {
  const start = beginning(page);
  const format = sniff(page);
  if (format !== undefined) return `one in ${format}`;
  if (start.trim() === "") return "an empty answer";
  if (/^\s*<(?:!doctype|html|head|body|table)/i.test(start)) {
    return /PHP-FPM Status Page/.test(start)
      ? "the HTML status page for people: ask without html in the query"
      : "an HTML page";
  }
  const line = start.trim().split(/[\r\n]/, 1)[0] ?? "";
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}

const NEWLINE = 0x0a;

/** The lines of a pool. */
const poolLines = entriesOf(poolFields).map(([name, { key, type, since }]) => ({
  name,
  hash: hashKey(key),
  kind: isText(type) ? LineKind.Text : type === "date" ? LineKind.Date : LineKind.Number,
  since,
}));
type PoolLine = (typeof poolLines)[number];
/** Those that PHP 5.4 and later have, in this order, and those of later versions. */
const firstLines = poolLines.filter(({ since }) => since <= ORDERED_SINCE);
const laterLines = poolLines.filter(({ since }) => since > ORDERED_SINCE);

/**
 * Reads a text page by the engine, if every line is where PHP 5.4 and later write it and there are
 * no more processes than the total. A newline in the text of a request moves the lines after it or
 * adds a process. Returns `undefined` for any other page.
 */
function readOrderedPage(page: Uint8Array, engine: Engine): PoolStatus | undefined {
  if (page[page.length - 1] !== NEWLINE) return undefined;
  const lines = new LineReader(page, engine);
  const pool = readPool(lines);
  if (pool === undefined || lines.isAtEnd) return pool;
  const isBorrowed = page.buffer === engine.memory.buffer;
  const rows = new ProcessRows(isBorrowed ? page.slice() : page);
  do {
    if (!rows.take(lines, engine)) return undefined;
    if (lines.isAtEnd) {
      if (rows.created > (pool.totalProcesses ?? 0)) return undefined;
      pool.processes = rows.processes;
      pool.warnings = countWarnings(pool);
      return pool;
    }
  } while (lines.splitFromNext());
  return undefined;
}

function readPool(lines: LineReader): WritablePool | undefined {
  const values: FieldValue[] = [];
  for (const line of firstLines) {
    const value = lines.next() ? readLine(lines, line) : undefined;
    if (value === undefined) return undefined;
    values.push(value);
  }
  const pool = createPool(values);
  for (const line of laterLines) {
    if (!lines.next()) return pool;
    const value = readLine(lines, line);
    if (value === undefined) lines.row--;
    else (pool as Record<PoolFieldName, FieldValue | undefined>)[line.name] = value;
  }
  return pool;
}

/** The value of the current line, if it is this line of a pool. */
function readLine(lines: LineReader, { hash, kind }: PoolLine): FieldValue | undefined {
  if (lines.keyHash !== hash) return undefined;
  if (kind === LineKind.Text) return utf8(lines.page, lines.valueStart, lines.end);
  if (lines.kind !== kind) return undefined;
  return kind === LineKind.Date ? new Date(lines.number * 1_000) : Math.max(0, lines.number);
}
