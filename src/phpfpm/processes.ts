import { GatewayError } from "../errors.js";
import { joinForged } from "./forged-blocks.js";
import { parseCount, parseStartTime, readText } from "./page-values.js";
import type { OtherField, ProcessStatus } from "./pool-status.js";
import { findBlocks } from "./process-blocks.js";
import { divide } from "./process-body.js";
import type { Block, Grammar, PageText } from "./process-grammar.js";
import { countWarning, type PoolRecord, ProcessRecord } from "./status-records.js";

/**
 * Reads the processes of a page in any format, and none that a request forged, into `pool`; what
 * does not add up becomes a warning.
 *
 * @throws GatewayError `truncated` where the last process is not whole, `malformed` where one has
 * not the fields of a process
 */
export function readProcesses(
  pool: PoolRecord,
  page: PageText,
  from: number,
  to: number,
  grammar: Grammar,
): void {
  const { letters } = page;
  const warnings: string[] = [];
  let forged = 0;
  let blocks: readonly Block[] = findBlocks(letters, from, to, grammar, () => forged++);
  if (forged > 0) {
    warnings.push(
      `the text of a request looks like ${forged} more process ${plural("block", forged)}`,
    );
  }
  const { totalProcesses: total } = pool;
  if (total !== undefined && blocks.length !== total) {
    warnings.push(countWarning(blocks.length, total));
    const genuine = joinForged(letters, blocks, total, grammar);
    const starts = new Set(genuine.map(({ start }) => start));
    for (const { start, head } of blocks) {
      if (starts.has(start)) continue;
      warnings.push(`process ${head.pid} is taken for the text of the request before it`);
    }
    blocks = genuine;
  }
  pool.processes = blocks.map((block) => readProcess(page, block, grammar, warnings));
  if (warnings.length > 0) pool.warnings = warnings;
}

function readProcess(
  page: PageText,
  block: Block,
  grammar: Grammar,
  warnings: string[],
): ProcessStatus {
  const { bytes, letters } = page;
  const { head, start, tail, end } = block;
  const body = divide(letters, block, grammar);
  grammar.tail.lastIndex = tail;
  const { cpu, memory } = grammar.tail.exec(letters)?.groups ?? {};
  if (body === undefined || memory === undefined) {
    const message = `process ${head.pid} has not the fields of a process`;
    throw new GatewayError("malformed", message, { offset: start });
  }
  if (body.readings !== 1) {
    const ways = body.readings === 0 ? "has longer fields than PHP-FPM keeps" : "is ambiguous";
    warnings.push(`the request of process ${head.pid} ${ways}`);
  }
  const seconds = parseStartTime(head.startTime);
  const process = new ProcessRecord();
  process.pid = Number(head.pid);
  process.state = head.state;
  process.startTime = Number.isNaN(seconds) ? undefined : new Date(seconds * 1000);
  process.startSince = parseCount(head.startSince) ?? 0;
  process.requests = parseCount(head.requests) ?? 0;
  process.requestDuration = parseCount(head.duration) ?? 0;
  process.requestMethod = readText(bytes, block.body, body.methodEnd);
  process.requestUri = grammar.decodeUri(readText(bytes, body.uriStart, body.uriEnd));
  process.contentLength = parseCount(body.contentLength) ?? 0;
  process.user = readText(bytes, body.userStart, body.userEnd);
  process.script = readText(bytes, body.scriptStart, tail);
  process.lastRequestCpu = parsePercent(cpu);
  process.lastRequestMemory = parseCount(memory) ?? 0;
  const other = [
    ...otherFields(page, start, block.body, grammar),
    ...otherFields(page, body.uriEnd, body.userStart, grammar),
    ...otherFields(page, tail, end, grammar),
  ];
  if (other.length > 0) process.other = other;
  return process;
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** `0.00`; early PHP wrote the decimal point of its locale. */
function parsePercent(text: string | undefined): number | undefined {
  const percent = Number(text?.replace(",", ".") || Number.NaN);
  return Number.isFinite(percent) ? percent : undefined;
}

function* otherFields(
  { bytes, letters }: PageText,
  from: number,
  to: number,
  { others }: Grammar,
): Generator<OtherField> {
  for (const match of letters.slice(from, to).matchAll(others)) {
    const { key, value } = match.groups as { key: string; value: string };
    const end = from + match.index + match[0].length;
    yield [key, readText(bytes, end - value.length, end)];
  }
}
