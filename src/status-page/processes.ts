import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import { parseSigned, parseStartTime } from "./field-values.js";
import { entriesOf, processFields } from "./fields.js";
import type { OtherField, ProcessStatus } from "./pool-status.js";
import { type Block, divide, findBlocks, type PageText } from "./process-blocks.js";
import type { Grammar, Head } from "./process-grammar.js";
import { type PoolRecord, processOf } from "./records.js";

const fields = entriesOf(processFields);

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
  const last = grammar.tail.exec(letters)?.groups;
  if (body === undefined || last === undefined) {
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
  const texts: Readonly<Record<string, string | undefined>> = {
    requestMethod: grammar.decode(utf8(bytes, block.body, body.methodEnd)),
    requestUri: grammar.decodeUri(utf8(bytes, body.uriStart, body.uriEnd)),
    contentLength: body.contentLength,
    user: grammar.decode(utf8(bytes, body.userStart, body.userEnd)),
    script: grammar.decode(utf8(bytes, body.scriptStart, tail)),
  };
  const values: OtherField[] = [];
  for (const [name, { key }] of fields) {
    const value = texts[name] ?? head[name] ?? last[name];
    if (value !== undefined) values.push([key, value]);
  }
  return processOf([
    ...values,
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
    yield [key, utf8(bytes, end - value.length, end)];
  }
}

/** PHP-FPM recounts once a second: a younger worker may be listed and not be counted yet. */
const RECOUNT_SECONDS = 2;

/**
 * Finds the blocks that a request may have written.
 *
 * PHP-FPM takes the time once for a page, so a block whose times add up to another second than the
 * first one's is suspect. So is one that could be part of the request before it, where such blocks
 * explain why the page lists more processes than it counted: where they cannot, the count is wrong.
 */
function forgedBlocks(
  letters: string,
  blocks: readonly Block[],
  total: number,
  grammar: Grammar,
): Set<Block> {
  const second = secondOf(blocks[0]?.head);
  const forged = new Set(blocks.filter(({ head }) => !isOfSecond(head, second)));
  const counted = blocks.filter((block) => !forged.has(block) && isCounted(block.head));
  const excess = counted.length - total;
  if (excess <= 0) return forged;
  const inside = [...blocks.entries()].filter(([index, block]) => {
    const before = blocks[index - 1];
    return before !== undefined && isOneProcess(letters, before, block, grammar);
  });
  // A request is too short for two blocks: neighbours cannot both be forged.
  let atOnce = 0;
  let last = 0;
  for (const [index] of inside) {
    if (index === last + 1 && atOnce > 0) continue;
    atOnce++;
    last = index;
  }
  if (atOnce >= excess) for (const [, block] of inside) forged.add(block);
  return forged;
}

function isOneProcess(letters: string, one: Block, next: Block, grammar: Grammar): boolean {
  return (divide(letters, { ...one, tail: next.tail }, grammar)?.readings ?? 0) > 0;
}

function secondOf({ startTime = "", startSince = "" }: Partial<Head> = {}): number {
  return parseStartTime(startTime) + (parseSigned(startSince) ?? Number.NaN);
}

/** Object.is: a page whose dates cannot be read has no second to compare. */
function isOfSecond(head: Head, second: number): boolean {
  const own = secondOf(head);
  // A server that prints nothing below zero prints 0 when its clock was set back.
  return Object.is(own, second) || (parseSigned(head.startSince) === 0 && own > second);
}

function isCounted({ pid, startSince }: Head): boolean {
  return Number(pid) !== 0 && Number(parseSigned(startSince)) > RECOUNT_SECONDS;
}
