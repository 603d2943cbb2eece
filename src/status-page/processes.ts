import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import { parseSigned, parseStartTime } from "./field-values.js";
import { entriesOf, processFields } from "./fields.js";
import type { OtherField, ProcessStatus } from "./pool-status.js";
import { type Block, divide, findBlocks, type PageText } from "./process-blocks.js";
import type { Grammar, Head } from "./process-grammar.js";
import { processOf, type WritablePool } from "./records.js";

const fields = entriesOf(processFields);

/**
 * Reads the processes of a page in any format into `pool`, in the order of the page. What does not
 * add up becomes a warning.
 *
 * @throws GatewayError `truncated` if the last process is not whole, `malformed` if one lacks fields
 */
export function readProcesses(
  pool: WritablePool,
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
 * Joins blocks that have the head and the tail of a process but lack some of its fields. PHP-FPM
 * writes no such block, so a request has forged the head or the tail. A forged head is followed by
 * the last fields of the process around it; a forged tail is preceded by the first ones.
 */
function wholeBlocks(letters: string, blocks: readonly Block[], grammar: Grammar): Block[] {
  const whole: Block[] = [];
  let begun: Block | undefined;
  for (const [index, block] of blocks.entries()) {
    const joined = begun === undefined ? block : upTo(begun, block);
    begun = undefined;
    const before = whole.at(-1);
    if (divide(letters, joined, grammar) !== undefined) whole.push(joined);
    else if (mayGoOn(letters, joined, grammar) && index + 1 < blocks.length) begun = joined;
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

/** The most bytes of a block: its texts keep PHP-FPM's limits, and escaping makes six bytes of one. */
const LONGEST_BLOCK = 16_384;

/**
 * Whether the next block may belong to this one: it has a URI, whose opening quote may be the end of
 * the URI of the block before, and is not too long for that.
 */
function mayGoOn(letters: string, { start, body, tail }: Block, grammar: Grammar): boolean {
  if (tail - start > LONGEST_BLOCK) return false;
  const { beforeUri, beforeUser } = grammar;
  const text = letters.slice(body, tail);
  const at = text.indexOf(beforeUri);
  if (at < 0) return false;
  const last = at + beforeUri.length - 1;
  beforeUser.lastIndex = last;
  return beforeUser.exec(text)?.index !== last;
}

/**
 * Returns a warning if a page does not have as many processes as its total says. The total may or may not
 * include a process that is being created.
 */
export function countWarnings({ processes = [], totalProcesses: total }: WritablePool): string[] {
  if (total === undefined) return [];
  const created = processes.filter(({ pid }) => pid !== 0).length;
  if (total >= created && total <= processes.length) return [];
  return [`the page lists ${processes.length} processes and its total says ${total}`];
}

/** The most rows that a warning names. */
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
    const message = `process ${head.pid} lacks fields of a process`;
    throw new GatewayError("not_a_status_page", message, { offset: start });
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

/** PHP-FPM counts once a second: the total may lack a younger process. */
const RECOUNT_SECONDS = 2;

/**
 * Finds the blocks that a request may have written.
 *
 * PHP-FPM reads the clock once for a page, so a block whose times add up to another second than those
 * of the first block is suspect. If the page lists more processes than its total says, the blocks
 * that could be part of the request before them are suspect, too, unless they are too few to explain
 * the difference: then the total is wrong.
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

/** Uses Object.is, because the second is NaN on a page whose dates cannot be read. */
function isOfSecond(head: Head, second: number): boolean {
  const own = secondOf(head);
  // A server that prints no negative numbers prints 0 after its clock was set back.
  return Object.is(own, second) || (parseSigned(head.startSince) === 0 && own > second);
}

function isCounted({ pid, startSince }: Head): boolean {
  return Number(pid) !== 0 && Number(parseSigned(startSince)) > RECOUNT_SECONDS;
}
