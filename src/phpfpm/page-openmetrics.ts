import { GatewayError } from "../errors.js";
import { readText } from "./page-values.js";
import { poolOf } from "./pool-fields.js";
import type { OtherField, PoolStatus } from "./pool-status.js";

/** The metrics whose names are not simply the key of the other formats behind `phpfpm_`. */
const keys = new Map([
  ["accepted_connections", "accepted conn"],
  ["listen_queue_length", "listen queue len"],
]);

const helpOfUp = /^# HELP phpfpm_up Could pool (?<pool>.*) using a (?<manager>\S+) PM /;

/**
 * Reads an OpenMetrics status page (PHP 8.1 and later). It has no start time and no processes; the
 * pool and its process manager are named in a help text alone.
 *
 * @throws GatewayError `truncated` without the closing `# EOF`, `malformed`
 */
export function parseOpenMetricsPage(page: Uint8Array): PoolStatus {
  const fields: OtherField[] = [];
  const text = readText(page, 0, page.length);
  let offset = 0;
  let isWhole = false;
  for (const line of text.split("\n")) {
    const { name, value } = /^phpfpm_(?<name>[a-z_]+) (?<value>\S+)\r?$/.exec(line)?.groups ?? {};
    const { pool, manager } = helpOfUp.exec(line)?.groups ?? {};
    if (name !== undefined && value !== undefined) {
      if (name !== "up") fields.push([keys.get(name) ?? name.replaceAll("_", " "), value]);
    } else if (pool !== undefined && manager !== undefined) {
      fields.push(["pool", pool], ["process manager", manager]);
    } else if (/^# EOF\r?$/.test(line)) isWhole = true;
    else if (!/^(?:#.*)?\r?$/.test(line)) throw unreadable(text, offset);
    offset += line.length + 1;
  }
  if (!isWhole) throw new GatewayError("truncated", "the status page ends before its # EOF");
  return poolOf(fields);
}

function unreadable(text: string, offset: number): GatewayError {
  return text.includes("\n# EOF")
    ? new GatewayError("malformed", "a line of the status page is not OpenMetrics", { offset })
    : new GatewayError("truncated", "the status page ends before its # EOF", { offset });
}
