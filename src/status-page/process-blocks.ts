import { GatewayError } from "../errors.js";
import type { Block, Grammar, Head } from "./process-grammar.js";

/**
 * Finds the process blocks from `from` to `to`: whatever has the head and the tail of a process is
 * one. A head behind a block without a tail is text that stands inside of that block.
 *
 * @throws GatewayError `truncated` where the last block is not whole
 */
export function findBlocks(letters: string, from: number, to: number, grammar: Grammar): Block[] {
  const heads = findHeads(letters, from, to, grammar);
  const [withCpu, withoutCpu] = grammar.beforeTail;
  const last = heads.at(-1);
  if (last === undefined) throw cutAt(from);
  const hasCpu = findTail(letters, last.body, to, withCpu, grammar.tail) !== undefined;
  const mark = hasCpu ? withCpu : withoutCpu;

  const blocks: Block[] = [];
  let open = last;
  for (let index = 0; index < heads.length; index++) {
    if (index === 0) open = heads[0]!;
    const next = heads[index + 1];
    const end = next?.start ?? to;
    const tail = findTail(letters, open.body, end, mark, grammar.tail);
    if (tail !== undefined) {
      blocks.push({ ...open, tail, end });
      if (next !== undefined) open = next;
    } else if (next === undefined) {
      throw cutAt(open.start);
    } else {
      open.holdsHead = true;
    }
  }
  return blocks;
}

function findHeads(letters: string, from: number, to: number, { head }: Grammar): Block[] {
  const heads: Block[] = [];
  head.lastIndex = from;
  for (;;) {
    const match = head.exec(letters);
    if (match === null || head.lastIndex > to) return heads;
    if (heads.length === 0 && match.index !== from) return heads;
    heads.push({
      start: match.index,
      body: head.lastIndex,
      head: match.groups as unknown as Head,
      tail: to,
      end: to,
      holdsHead: false,
    });
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
