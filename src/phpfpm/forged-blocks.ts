import { divide } from "./process-body.js";
import type { Block, Grammar } from "./process-grammar.js";

/** PHP-FPM recounts once a second: a younger worker may be listed and not be counted yet. */
const RECOUNT_SECONDS = 2;

/**
 * Joins forged blocks to the ones that they were written into, while there are more blocks than
 * the page's total explains.
 *
 * Whoever guesses the second of the scrape can forge a block that nothing tells from a genuine one
 * but the count. It lies inside a field of the block before it, and the fields of a process are
 * short: where the two cannot be one process, both are genuine, whatever the total says. Where
 * they can, a block goes that repeats a pid; then, when not even workers too young to be counted
 * explain the number, an older one; from the end of the page.
 */
export function joinForged(
  letters: string,
  blocks: readonly Block[],
  total: number,
  grammar: Grammar,
): readonly Block[] {
  const repeated = repeatsOfPids(blocks);
  const joined = joinSome(letters, blocks, blocks.length - total, grammar, (block) =>
    repeated.has(block),
  );
  const young = joined.filter(isYoung).length;
  return joinSome(
    letters,
    joined,
    joined.length - total - young,
    grammar,
    (block) => !isYoung(block),
  );
}

function joinSome(
  letters: string,
  blocks: readonly Block[],
  most: number,
  grammar: Grammar,
  isSuspect: (block: Block) => boolean,
): readonly Block[] {
  if (most <= 0) return blocks;
  const backwards: Block[] = [];
  let excess = most;
  let last: Block | undefined;
  for (const block of blocks.toReversed()) {
    if (last !== undefined) {
      const both = { ...block, tail: last.tail, end: last.end };
      if (excess > 0 && isSuspect(last) && isOneProcess(letters, both, grammar)) {
        excess--;
        last = both;
        continue;
      }
      backwards.push(last);
    }
    last = block;
  }
  if (last !== undefined) backwards.push(last);
  return backwards.reverse();
}

function isOneProcess(letters: string, block: Block, grammar: Grammar): boolean {
  return (divide(letters, block, grammar)?.readings ?? 0) > 0;
}

function repeatsOfPids(blocks: readonly Block[]): Set<Block> {
  const seen = new Set<string>();
  const repeated = new Set<Block>();
  for (const block of blocks) {
    if (seen.has(block.head.pid)) repeated.add(block);
    seen.add(block.head.pid);
  }
  return repeated;
}

function isYoung({ head }: Block): boolean {
  return Number(head.startSince) <= RECOUNT_SECONDS;
}
