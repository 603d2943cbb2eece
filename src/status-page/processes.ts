import { GatewayError } from "../errors.js";
import { forgedBlocks } from "./forged-blocks.js";
import { readText } from "./page-values.js";
import type { OtherField, ProcessStatus } from "./pool-status.js";
import { findBlocks } from "./process-blocks.js";
import { divide } from "./process-body.js";
import { processOf } from "./process-fields.js";
import type { Block, Grammar, PageText } from "./process-grammar.js";
import type { PoolRecord } from "./status-records.js";

/**
 * Reads the processes of a page in any format into `pool`, every block of the page one, in order;
 * what does not add up becomes a warning.
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
  const blocks = wholeBlocks(letters, findBlocks(letters, from, to, grammar), grammar);
  const processes = blocks.map((block) => readProcess(page, block, grammar, warnings));
  const forged = forgedBlocks(letters, blocks, pool.totalProcesses ?? blocks.length, grammar);
  if (forged.size > 0) warnings.unshift(forgedWarning(blocks, forged));
  pool.processes = processes;
  pool.warnings = [...countWarnings(pool), ...warnings];
}

/**
 * Joins what has the head and the tail of a process, and not its fields: PHP-FPM writes none such,
 * so a request has written one end of it. Behind a head that it wrote come the fields of its own
 * process, but for those that it left out in between; before a tail that it wrote, the first ones.
 */
function wholeBlocks(letters: string, blocks: readonly Block[], grammar: Grammar): Block[] {
  const whole: Block[] = [];
  let begun: Block | undefined;
  for (const [index, block] of blocks.entries()) {
    const joined = begun === undefined ? block : upTo(begun, block);
    begun = undefined;
    const before = whole.at(-1);
    if (divide(letters, joined, grammar) !== undefined) whole.push(joined);
    else if (hasUri(letters, joined, grammar) && index + 1 < blocks.length) begun = joined;
    else if (before !== undefined) whole[whole.length - 1] = upTo(before, joined);
    else whole.push(joined);
  }
  return whole;
}

const upTo = (block: Block, { tail, end }: Block): Block => ({
  ...block,
  tail,
  end,
  holdsHead: true,
});

/** Not where the URI's opening quote is what ends the URI of the process around it. */
function hasUri(letters: string, { body, tail }: Block, grammar: Grammar): boolean {
  const { beforeUri, beforeUser } = grammar;
  const at = letters.indexOf(beforeUri, body);
  if (at < 0 || at >= tail) return false;
  const last = at + beforeUri.length - 1;
  beforeUser.lastIndex = last;
  return beforeUser.exec(letters)?.index !== last;
}

/**
 * What to say where a page's processes are not as many as it counted. A process that is being
 * created may be counted or not.
 */
export function countWarnings({ processes = [], totalProcesses: total }: PoolRecord): string[] {
  if (total === undefined) return [];
  const created = processes.filter(({ pid }) => pid !== 0).length;
  if (total >= created && total <= processes.length) return [];
  return [`the page lists ${processes.length} processes and its total says ${total}`];
}

/** Rows named in a warning. */
const MOST_ROWS = 8;

function forgedWarning(blocks: readonly Block[], forged: ReadonlySet<Block>): string {
  const names = blocks.flatMap((block, index) =>
    forged.has(block) ? [`${block.head.pid} (row ${index + 1})`] : [],
  );
  const rest = names.length > MOST_ROWS ? ` and ${names.length - MOST_ROWS} more` : "";
  const list = names.slice(0, MOST_ROWS).join(", ") + rest;
  return names.length === 1
    ? `process ${list} may be text of the request before it`
    : `processes ${list} may be text of the requests before them`;
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
  if (block.holdsHead) {
    warnings.push(`the request of process ${head.pid} looks like the start of another process`);
  }
  if (body.readings !== 1) {
    const ways = body.readings === 0 ? "has longer fields than PHP-FPM keeps" : "is ambiguous";
    warnings.push(`the request of process ${head.pid} ${ways}`);
  }
  return processOf([
    ["pid", head.pid],
    ["state", head.state],
    ["start time", head.startTime],
    ["start since", head.startSince],
    ["requests", head.requests],
    ["request duration", head.duration],
    ["request method", grammar.decode(readText(bytes, block.body, body.methodEnd))],
    ["request uri", grammar.decodeUri(readText(bytes, body.uriStart, body.uriEnd))],
    ["content length", body.contentLength],
    ["user", grammar.decode(readText(bytes, body.userStart, body.userEnd))],
    ["script", grammar.decode(readText(bytes, body.scriptStart, tail))],
    ["last request cpu", cpu ?? ""],
    ["last request memory", memory],
    ...otherFields(page, start, block.body, grammar),
    ...otherFields(page, body.uriEnd, body.userStart, grammar),
    ...otherFields(page, tail, end, grammar),
  ]);
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
