import { GatewayError } from "../errors.js";
import { parseCount, parseStartTime } from "./page-values.js";
import type { Block, Grammar, Head } from "./process-grammar.js";

/**
 * The second that a head was written in. PHP-FPM takes the time once for a page, and `start since`
 * is that time less `start time`.
 */
function secondOf(head: Head): number {
  return parseStartTime(head.startTime) + (parseCount(head.startSince) ?? Number.NaN);
}

/**
 * Finds the process blocks from `from` to `to`.
 *
 * The first block stands before any foreign text, so its second is the page's, and a head of
 * another second is foreign. So is one behind a block that does not end as blocks do: it
 * interrupted that block.
 *
 * @param foreign called for each forged head
 * @throws GatewayError `truncated` where the last block is not whole
 */
export function findBlocks(
  letters: string,
  from: number,
  to: number,
  grammar: Grammar,
  foreign: () => void,
): Block[] {
  const heads = findHeads(letters, from, to, grammar, foreign);
  const [withCpu, withoutCpu] = grammar.beforeTail;
  const last = heads.at(-1);
  if (last === undefined) throw cutAt(from);
  const hasCpu = findTail(letters, last.body, to, withCpu, grammar.tail) !== undefined;
  const mark = hasCpu ? withCpu : withoutCpu;

  const blocks: Block[] = [];
  let open = last;
  for (let index = 0; index < heads.length; index++) {
    if (index === 0) open = heads[0] as Block;
    const next = heads[index + 1];
    const end = next?.start ?? to;
    const tail = findTail(letters, open.body, end, mark, grammar.tail);
    if (tail !== undefined) {
      blocks.push({ ...open, tail, end });
      if (next !== undefined) open = next;
    } else if (next === undefined) {
      throw cutAt(open.start);
    } else {
      foreign();
    }
  }
  return blocks;
}

function findHeads(
  letters: string,
  from: number,
  to: number,
  { head }: Grammar,
  foreign: () => void,
): Block[] {
  const heads: Block[] = [];
  let second = Number.NaN;
  head.lastIndex = from;
  for (;;) {
    const match = head.exec(letters);
    if (match === null || head.lastIndex > to) return heads;
    const block = {
      start: match.index,
      body: head.lastIndex,
      head: match.groups as unknown as Head,
      tail: to,
      end: to,
    };
    if (heads.length === 0) {
      if (match.index !== from) return heads;
      second = secondOf(block.head);
    }
    // Object.is: a page whose dates cannot be read has no second to compare.
    if (Object.is(secondOf(block.head), second)) heads.push(block);
    else foreign();
  }
}

function findTail(
  letters: string,
  from: number,
  end: number,
  mark: string,
  tail: RegExp,
): number | undefined {
  const at = letters.lastIndexOf(mark, end - mark.length);
  if (at < from) return undefined;
  tail.lastIndex = at;
  return tail.test(letters) && tail.lastIndex === end ? at : undefined;
}

function cutAt(offset: number): GatewayError {
  return new GatewayError("truncated", "the status page ends inside a process", { offset });
}
