import { parseSigned, parseStartTime } from "./page-values.js";
import { divide } from "./process-body.js";
import type { Block, Grammar, Head } from "./process-grammar.js";

/** PHP-FPM recounts once a second: a younger worker may be listed and not be counted yet. */
const RECOUNT_SECONDS = 2;

/**
 * Finds the blocks that a request may have written.
 *
 * PHP-FPM takes the time once for a page, so a block whose times add up to another second than the
 * first one's is suspect. So is one that could be part of the request before it, where such blocks
 * explain why the page lists more processes than it counted: where they cannot, the count is wrong.
 */
export function forgedBlocks(
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
