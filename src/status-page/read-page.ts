import type { Engine } from "../engine/engine.js";
import { engine as defaultEngine } from "../engine/select.js";
import { GatewayError } from "../errors.js";
import type { PoolStatus } from "./pool-status.js";
import { parseJsonPage } from "./read-json.js";
import { parseOpenMetricsPage } from "./read-openmetrics.js";
import { parseTextPage } from "./read-text.js";
import { parseXmlPage } from "./read-xml.js";

/** The formats of a status page that can be read; HTML is for people. */
export type StatusPageFormat = "text" | "json" | "xml" | "openmetrics";

export interface ParseStatusPageOptions {
  /** What the page is; found out from its first bytes when absent. */
  format?: StatusPageFormat | undefined;
  /** What splits the lines of a text page; the engine of the process when absent. */
  engine?: Engine | undefined;
}

/**
 * Reads a PHP-FPM status page (`pm.status_path`), plain or full, of PHP 5.3 to 8.5, in any of its
 * four formats. Nothing that the clients of the pool may have written into it, quotes and newlines
 * included, moves or changes a field of another process. A request that holds a whole process as
 * PHP-FPM writes it adds a row: what may be one is named in {@link PoolStatus.warnings}.
 *
 * @param body the body of the response. Processes of a text page are read from it when they are
 * asked for: do not write to it afterwards. A page in the engine's memory is copied
 * @throws GatewayError `not_a_status_page` for anything else, `truncated` where the page ends
 * early, `malformed` where a part of it cannot be read
 */
export function parseStatusPage(
  body: Uint8Array,
  options: ParseStatusPageOptions = {},
): PoolStatus {
  const page = withoutBlankStart(body);
  const format = sniff(page);
  if (format === undefined || (options.format !== undefined && options.format !== format)) {
    throw notAStatusPage(page, options.format);
  }
  switch (format) {
    case "text":
      return parseTextPage(page, options.engine ?? defaultEngine());
    case "json":
      return parseJsonPage(page);
    case "xml":
      return parseXmlPage(page);
    case "openmetrics":
      return parseOpenMetricsPage(page);
  }
}

const P = 0x70;
const O = 0x6f;
/** How pages begin that do not begin with `po` as text pages do since PHP 5.3.4. */
const beginnings: readonly (readonly [StatusPageFormat, RegExp])[] = [
  ["json", /^\{\s*"(?:pool|accepted conn|process manager)"\s*:/],
  ["xml", /^(?:<\?xml[^>]*>\s*)?<status>/],
  ["openmetrics", /^# (?:HELP|TYPE|UNIT) phpfpm_/],
  ["text", /^(?:pool|accepted conn|process manager):/],
];

/** Newlines, blanks and a byte order mark before a page are what something on its way has added. */
function withoutBlankStart(page: Uint8Array): Uint8Array {
  if (page[0] === P) return page;
  let start = 0;
  while ([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].includes(page[start] ?? 0)) start++;
  return start === 0 ? page : page.subarray(start);
}

function sniff(page: Uint8Array): StatusPageFormat | undefined {
  if (page[0] === P && page[1] === O && page[4] === 0x3a) return "text";
  const start = beginning(page);
  return beginnings.find(([, pattern]) => pattern.test(start))?.[0];
}

/** Enough of a page to see what it is. */
function beginning(page: Uint8Array): string {
  return new TextDecoder().decode(page.subarray(0, 256));
}

function notAStatusPage(page: Uint8Array, wanted: StatusPageFormat | undefined): GatewayError {
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
