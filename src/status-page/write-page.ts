import type { PoolCounters } from "./pool-counters.js";
import {
  machineValue,
  plainValue,
  poolFields,
  processFields,
  type StatusField,
  withoutControls,
} from "./write-fields.js";
import { statusOpenMetrics } from "./write-openmetrics.js";

export type StatusFormat = "text" | "json" | "xml" | "html" | "openmetrics";

/** Media types as PHP-FPM sends them. */
export const statusMediaTypes: Readonly<Record<StatusFormat, string>> = {
  text: "text/plain;charset=UTF-8",
  json: "application/json",
  xml: "text/xml;charset=UTF-8",
  html: "text/html;charset=UTF-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** PHP-FPM's order of precedence when a query asks for several formats. */
const precedence = ["html", "xml", "json", "openmetrics"] as const;

/** The format that a query string asks for, and whether with processes. */
export function statusFormatOf(query: string): { format: StatusFormat; full: boolean } {
  const keys = new Set(query.split("&").map((pair) => pair.split("=", 1)[0]));
  const format = precedence.find((each) => keys.has(each)) ?? "text";
  return { format, full: keys.has("full") };
}

/**
 * A status page in PHP-FPM 8.2's layout. Where PHP-FPM lets a hostile string break the page, this
 * one escapes it.
 *
 * @param full adds the processes, but for OpenMetrics
 */
export function statusPage(counters: PoolCounters, format: StatusFormat, full: boolean): string {
  const pool = poolFields(counters);
  const processes = full
    ? counters.processes.map((process) => processFields(process, counters.now))
    : undefined;
  switch (format) {
    case "text":
      return textPage(pool, processes);
    case "json":
      return jsonPage(pool, processes);
    case "xml":
      return xmlPage(pool, processes);
    case "html":
      return htmlPage(pool, processes);
    case "openmetrics":
      return statusOpenMetrics(counters);
  }
}

/** Values start at this column of the text page. */
const TEXT_COLUMN = 22;

function textPage(pool: readonly StatusField[], processes: StatusField[][] | undefined): string {
  const lines = (fields: readonly StatusField[]): string =>
    fields.map(([name, value]) => `${textName(name)}${plainValue(value)}\n`).join("");
  const blocks = (processes ?? []).map((fields) => `\n${"*".repeat(24)}\n${lines(fields)}`);
  return lines(pool) + blocks.join("");
}

/** PHP-FPM spells one name differently here. */
function textName(name: string): string {
  return `${name === "request uri" ? "request URI" : name}:`.padEnd(TEXT_COLUMN);
}

function jsonPage(pool: readonly StatusField[], processes: StatusField[][] | undefined): string {
  const members = (fields: readonly StatusField[]): string => fields.map(jsonMember).join(",");
  if (processes === undefined) return `{${members(pool)}}`;
  const list = processes.map((fields) => `{${members(fields)}}`).join(",");
  return `{${members(pool)}, "processes":[${list}]}`;
}

function jsonMember([name, value]: StatusField): string {
  switch (value.kind) {
    case "text":
      return `"${name}":${JSON.stringify(value.text)}`;
    case "uri":
      return `"${name}":${jsonAscii(value.text)}`;
    default:
      return `"${name}":${machineValue(value)}`;
  }
}

/** URIs have their slashes escaped, and are ASCII. */
function jsonAscii(text: string): string {
  return JSON.stringify(text)
    .replaceAll("/", "\\/")
    .replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function xmlPage(pool: readonly StatusField[], processes: StatusField[][] | undefined): string {
  const element = ([name, value]: StatusField): string => {
    const tag = name.replaceAll(" ", "-");
    return `<${tag}>${escapeMarkup(machineValue(value))}</${tag}>`;
  };
  const lines = pool.map((field) => `${element(field)}\n`).join("");
  const page = `<?xml version="1.0" ?>\n<status>\n${lines}`;
  if (processes === undefined) return `${page}</status>`;
  const list = processes.map((fields) => `<process>${fields.map(element).join("")}</process>\n`);
  return `${page}<processes>\n${list.join("")}</processes>\n</status>`;
}

const htmlHead = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head><title>PHP-FPM Status Page</title></head>
<body>
<table>
`;

function htmlPage(pool: readonly StatusField[], processes: StatusField[][] | undefined): string {
  const cell = ([, value]: StatusField): string => `<td>${escapeMarkup(plainValue(value))}</td>`;
  const rows = pool.map((field) => `<tr><th>${field[0]}</th>${cell(field)}</tr>\n`).join("");
  const page = `${htmlHead}${rows}</table>`;
  if (processes === undefined) return `${page}\n</body></html>`;
  const heads = processHeads.map((name) => `<th>${name}</th>`).join("");
  const list = processes.map((fields) => `<tr>${fields.map(cell).join("")}</tr>\n`).join("");
  return `${page}\n<table border="1">\n<tr>${heads}</tr>\n${list}</table></body></html>`;
}

const processHeads = processFields(
  {
    pid: 0,
    state: "",
    startTime: 0,
    requests: 0,
    requestDuration: 0,
    requestMethod: "",
    requestUri: "",
    contentLength: 0,
    user: "",
    script: "",
    lastRequestCpu: 0,
    lastRequestMemory: 0,
  },
  0,
).map(([name]) => name);

const entities = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
]);

/** Markup cannot carry control characters, U+FFFE and U+FFFF, not even as entities. */
function escapeMarkup(text: string): string {
  return withoutControls(text)
    .replace(/[\ufffe\uffff]/g, encodeURIComponent)
    .replace(/[&<>"]/g, (char) => entities.get(char) as string);
}
