import { checkObject, wrongArgument } from "../arguments.js";
import { machineText, plainText, type WrittenValue, withoutControls } from "./field-values.js";
import {
  entriesOf,
  type Field,
  type FieldMetric,
  isText,
  ORDERED_SINCE,
  poolFields,
  processFields,
} from "./fields.js";

/** The formats of PHP-FPM's status page. `html` is for people, and cannot be read back. */
export type StatusFormat = "text" | "json" | "xml" | "html" | "openmetrics";

/** The media type of each format, as PHP-FPM sends it. */
export const statusMediaTypes: Readonly<Record<StatusFormat, string>> = {
  text: "text/plain;charset=UTF-8",
  json: "application/json",
  xml: "text/xml;charset=UTF-8",
  html: "text/html;charset=UTF-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** PHP-FPM's order of precedence if a query asks for several formats. */
const precedence = ["html", "xml", "json", "openmetrics"] as const;

/** The format that a query string asks for, and whether it asks for the processes. */
export function statusFormatOf(query: string): { format: StatusFormat; full: boolean } {
  const keys = new Set(query.split("&").map((pair) => pair.split("=", 1)[0]));
  const format = precedence.find((each) => keys.has(each)) ?? "text";
  return { format, full: keys.has("full") };
}

/**
 * The values of a table's fields, to be written. A field that a version of PHP after 5.4 has added is
 * optional: the page has it if it is given. A date is in milliseconds since 1970. What is computed
 * from other fields is left out.
 */
export type FieldCounters<
  Fields extends Readonly<Record<string, { readonly type: string; readonly since: number }>>,
> = {
  [Name in keyof Fields as Fields[Name]["since"] extends 5.3 | 5.4
    ? Exclude<Name, "startSince" | "totalProcesses">
    : never]: Fields[Name]["type"] extends "text" | "uri" | "state" ? string : number;
} & {
  [Name in keyof Fields as Fields[Name]["since"] extends 5.3 | 5.4 ? never : Name]?:
    | (Fields[Name]["type"] extends "text" | "uri" | "state" ? string : number)
    | undefined;
};

/** What the status page of a pool shows. Dates are milliseconds since 1970. */
export interface PoolCounters extends FieldCounters<typeof poolFields> {
  /** The moment that the page shows, in milliseconds since 1970. */
  now: number;
  /** The processes that the full page adds. */
  processes: readonly ProcessCounters[];
}

/** What the full status page of a pool shows of a process. Dates are milliseconds since 1970. */
export interface ProcessCounters extends FieldCounters<typeof processFields> {}

/** A field and its value, in the order of the page. */
type Entry = readonly [field: Field, value: WrittenValue];
type Columns = (readonly [name: string, field: Field])[];
type Row = Readonly<Record<string, unknown>>;

function poolRow(counters: PoolCounters): Row {
  const { startTime, now, idleProcesses, activeProcesses } = counters;
  return {
    ...counters,
    startSince: secondsSince(startTime, now),
    totalProcesses: idleProcesses + activeProcesses,
  };
}

function processRow(process: ProcessCounters, now: number): Row {
  return { ...process, startSince: secondsSince(process.startTime, now) };
}

/** The fields to write: those of every version of PHP, and of the later ones those that are given. */
function columnsOf(fields: Readonly<Record<string, Field>>, rows: readonly Row[]): Columns {
  return entriesOf(fields).filter(
    ([name, { since }]) => since <= ORDERED_SINCE || rows.some((row) => row[name] !== undefined),
  );
}

function entriesOfRow(columns: Columns, row: Row): Entry[] {
  return columns.map(([name, field]) => [field, (row[name] ?? "") as WrittenValue]);
}

function secondsSince(start: number, now: number): number {
  return Math.max(0, Math.floor(now / 1_000) - Math.floor(start / 1_000));
}

/**
 * Writes a status page in the layout of PHP-FPM. It has the fields of every version since PHP 5.4, as
 * PHP-FPM 8.2 writes them, and of those that later versions have added (`memoryPeak`) the ones that
 * `counters` gives. Where PHP-FPM would let a hostile text break the page, the text is escaped.
 *
 * @param full adds the processes, except to OpenMetrics pages
 * @throws TypeError that names a wrong argument
 */
export function renderStatusPage(
  counters: PoolCounters,
  format: StatusFormat,
  full: boolean,
): string {
  checkObject("counters", counters);
  const row = poolRow(counters);
  const pool = entriesOfRow(columnsOf(poolFields, [row]), row);
  const rows = full ? counters.processes.map((each) => processRow(each, counters.now)) : [];
  const columns = columnsOf(processFields, rows);
  const processes = full ? rows.map((each) => entriesOfRow(columns, each)) : undefined;
  switch (format) {
    case "text":
      return textPage(pool, processes);
    case "json":
      return jsonPage(pool, processes);
    case "xml":
      return xmlPage(pool, processes);
    case "html":
      return htmlPage(pool, columns, processes);
    case "openmetrics":
      return openMetricsPage(pool, counters);
    default:
      throw wrongArgument("format", format, "text, json, xml, html or openmetrics");
  }
}

/** Values start at this column of the text page. */
const TEXT_COLUMN = 22;

function textPage(pool: readonly Entry[], processes: Entry[][] | undefined): string {
  const line = ([field, value]: Entry): string =>
    `${`${field.textKey ?? field.key}:`.padEnd(TEXT_COLUMN)}${plainText(field, value)}\n`;
  const blocks = (processes ?? []).map(
    (entries) => `\n${"*".repeat(24)}\n${entries.map(line).join("")}`,
  );
  return pool.map(line).join("") + blocks.join("");
}

function jsonPage(pool: readonly Entry[], processes: Entry[][] | undefined): string {
  const members = (entries: readonly Entry[]): string => entries.map(jsonMember).join(",");
  if (processes === undefined) return `{${members(pool)}}`;
  const list = processes.map((entries) => `{${members(entries)}}`).join(",");
  return `{${members(pool)}, "processes":[${list}]}`;
}

function jsonMember([field, value]: Entry): string {
  const text = machineText(field, value);
  if (field.type === "uri") return `"${field.key}":${jsonAscii(text)}`;
  return `"${field.key}":${isText(field.type) ? JSON.stringify(text) : text}`;
}

/** URIs have their slashes escaped, and are ASCII. */
function jsonAscii(text: string): string {
  return JSON.stringify(text)
    .replaceAll("/", "\\/")
    .replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function xmlPage(pool: readonly Entry[], processes: Entry[][] | undefined): string {
  const element = ([field, value]: Entry): string => {
    const tag = field.key.replaceAll(" ", "-");
    return `<${tag}>${escapeMarkup(machineText(field, value))}</${tag}>`;
  };
  const lines = pool.map((entry) => `${element(entry)}\n`).join("");
  const page = `<?xml version="1.0" ?>\n<status>\n${lines}`;
  if (processes === undefined) return `${page}</status>`;
  const list = processes.map((entries) => `<process>${entries.map(element).join("")}</process>\n`);
  return `${page}<processes>\n${list.join("")}</processes>\n</status>`;
}

const htmlHead = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head><title>PHP-FPM Status Page</title></head>
<body>
<table>
`;

function htmlPage(
  pool: readonly Entry[],
  columns: Columns,
  processes: Entry[][] | undefined,
): string {
  const cell = ([field, value]: Entry): string =>
    `<td>${escapeMarkup(plainText(field, value))}</td>`;
  const rows = pool.map((entry) => `<tr><th>${entry[0].key}</th>${cell(entry)}</tr>\n`).join("");
  const page = `${htmlHead}${rows}</table>`;
  if (processes === undefined) return `${page}\n</body></html>`;
  const heads = columns.map(([, { key }]) => `<th>${key}</th>`).join("");
  const list = processes.map((entries) => `<tr>${entries.map(cell).join("")}</tr>\n`).join("");
  return `${page}\n<table border="1">\n<tr>${heads}</tr>\n${list}</table></body></html>`;
}

const entities = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
]);

/** Markup cannot contain control characters, U+FFFE and U+FFFF, not even as entities. */
function escapeMarkup(text: string): string {
  return withoutControls(text)
    .replace(/[\ufffe\uffff]/g, encodeURIComponent)
    .replace(/[&<>"]/g, (char) => entities.get(char) as string);
}

function openMetricsPage(pool: readonly Entry[], { pool: name, processManager }: PoolCounters) {
  const help = `Could pool ${name} using a ${processManager} PM on PHP-FPM be reached?`;
  const up = metricText({ name: "up", type: "gauge", help }, 1);
  const metrics = pool.map(([{ metric }, value]) => (metric ? metricText(metric, value) : ""));
  return `${up}${metrics.join("")}# EOF\n`;
}

function metricText({ name, type, help }: FieldMetric, value: WrittenValue): string {
  const helpLine = `# HELP phpfpm_${name} ${withoutControls(help).replaceAll("\\", "\\\\")}\n`;
  const typeLine = `# TYPE phpfpm_${name} ${type}\n`;
  // PHP-FPM writes these two lines of this metric in the other order.
  const head = name === "listen_queue_length" ? typeLine + helpLine : helpLine + typeLine;
  return `${head}phpfpm_${name} ${value}\n`;
}
