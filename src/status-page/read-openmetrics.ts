import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import { entriesOf, poolFields } from "./fields.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { poolOf } from "./records.js";

/** The keys of the other formats by the names of their metrics. */
const keys = new Map(
  entriesOf(poolFields).flatMap(([, { key, metric }]) => (metric ? [[metric.name, key]] : [])),
);

const helpOfUp = /^# HELP phpfpm_up Could pool (?<pool>.*) using a (?<manager>\S+) PM /;

/** `name{labels} value timestamp`; labels and timestamp are optional. */
const sample =
  /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>(?:[^"}]|"(?:[^"\\]|\\.){0,1024}"){0,1024})\})?[ \t]+(?<value>[-+\w.]+)(?:[ \t]+[-+\w.]+)?[ \t]*\r?$/;

const poolLabel = /(?<![\w:])pool="(?<pool>(?:[^"\\]|\\.)*)"/;

/**
 * Reads an OpenMetrics status page (PHP 8.1 and later), which has no start time and no processes. The
 * name of the pool is a label, if there are labels, or else part of a help text, as is its process
 * manager. Of samples that differ only in their labels, the first is used.
 *
 * @throws GatewayError `truncated` without the closing `# EOF`, `malformed`
 */
export function readOpenMetricsPage(page: Uint8Array): PoolStatus {
  const text = utf8(page);
  const fields: OtherField[] = [];
  let label: string | undefined;
  let pool: string | undefined;
  let manager: string | undefined;
  let offset = 0;
  let isWhole = false;
  for (const line of text.split("\n")) {
    const help = helpOfUp.exec(line)?.groups;
    const { name, labels = "", value = "" } = sample.exec(line)?.groups ?? {};
    if (name !== undefined) {
      label ??= unescapeLabel(poolLabel.exec(labels)?.groups?.["pool"]);
      if (name !== "phpfpm_up") fields.push([keyOf(name), wholeNumber(value)]);
    } else if (help !== undefined) {
      pool ??= help["pool"];
      manager ??= help["manager"];
    } else if (/^# EOF\r?$/.test(line)) isWhole = true;
    else if (!/^(?:#.*)?\r?$/.test(line)) throw unreadable(text, offset);
    offset += line.length + 1;
  }
  if (!isWhole) throw new GatewayError("truncated", "the status page ends before its # EOF");
  if (manager !== undefined) fields.unshift(["process manager", manager]);
  pool = label ?? pool;
  if (pool !== undefined) fields.unshift(["pool", pool]);
  return poolOf(fields);
}

/** The key of the other formats. OpenMetrics requires that counters end in `_total`. */
function keyOf(metric: string): string {
  if (!metric.startsWith("phpfpm_")) return metric;
  const name = metric.replace(/^phpfpm_(.*?)(?:_total)?$/, "$1");
  return keys.get(name) ?? name.replaceAll("_", " ");
}

/** A program that writes a page again may print whole numbers as `3.0` or `1.2e+04`. */
function wholeNumber(value: string): string {
  const number = /^-?\d+$/.test(value) ? Number.NaN : Number(value);
  return Number.isInteger(number) ? `${BigInt(number)}` : value;
}

function unescapeLabel(text: string | undefined): string | undefined {
  return text?.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}

function unreadable(text: string, offset: number): GatewayError {
  return text.includes("\n# EOF")
    ? new GatewayError("not_a_status_page", "a line of the status page is not OpenMetrics", {
        offset,
      })
    : new GatewayError("truncated", "the status page ends before its # EOF", { offset });
}
