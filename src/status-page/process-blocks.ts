import { GatewayError } from "../errors.js";
import type { Grammar, Head } from "./process-grammar.js";

/** A page as bytes, and as a string with one letter for each byte, so that offsets agree. */
export interface PageText {
  readonly bytes: Uint8Array;
  readonly letters: string;
}

/** windows-1252, the "latin1" of the Encoding standard, has one UTF-16 unit for every byte. */
const decoder = new TextDecoder("latin1");

export function pageText(bytes: Uint8Array): PageText {
  return { bytes, letters: decoder.decode(bytes) };
}

/** A process on the page: head from `start` to `body`, texts to `tail`, tail to `end`. */
export interface Block {
  readonly start: number;
  readonly body: number;
  readonly head: Head;
  tail: number;
  end: number;
  /** Whether its texts contain the head of a process. */
  holdsHead: boolean;
}

/**
 * Finds the process blocks from `from` to `to`: anything with the head and the tail of a process is
 * one. A head that follows a block without a tail is text inside that block.
 *
 * @throws GatewayError `truncated` if the last block is not whole
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
  // A search of the whole page for each of its blocks would take hours on a page made for that.
  const within = letters.slice(from, end).lastIndexOf(mark);
  if (within < 0) return undefined;
  const at = from + within;
  tail.lastIndex = at;
  return tail.test(letters) && tail.lastIndex === end ? at : undefined;
}

function cutAt(offset: number): GatewayError {
  return new GatewayError("truncated", "the status page ends inside a process", { offset });
}

/** Where the fields between the head and the tail of a block are. */
export interface Division {
  readonly methodEnd: number;
  readonly uriStart: number;
  readonly uriEnd: number;
  readonly contentLength: string;
  readonly userStart: number;
  readonly userEnd: number;
  readonly scriptStart: number;
  /** In how many ways the block can be divided so that every field keeps its limit. */
  readonly readings: number;
}

/** The most bytes of a text that PHP-FPM keeps: fpm_scoreboard.h, without the closing NUL. */
const longest = { path: 127, query: 511, user: 31, script: 255 } as const;

/**
 * Divides a block into its fields. A method is too short to contain the mark after it, so the first
 * such mark is genuine. Of the divisions after it that keep every field within its limit, the last
 * is taken: a client chooses a URI and a user more freely than the path of a script that exists.
 * Returns `undefined` if the block lacks fields of a process.
 */
export function divide(
  letters: string,
  { body, tail }: Pick<Block, "body" | "tail">,
  grammar: Grammar,
): Division | undefined {
  const { beforeUri, beforeScript, beforeUser } = grammar;
  // All searches end with the block: one that went on to the end of the page would be done for each.
  const text = letters.slice(body, tail);
  const methodEnd = text.indexOf(beforeUri);
  if (methodEnd < 0) return undefined;
  const uriStart = methodEnd + beforeUri.length;
  const certain = grammar.uriEnd?.(text, uriStart);

  let bounded: Division | undefined;
  let unbounded: Division | undefined;
  let readings = 0;
  let nextScript = text.indexOf(beforeScript, uriStart);
  beforeUser.lastIndex = certain ?? uriStart;
  for (;;) {
    const mark = beforeUser.exec(text);
    if (mark === null) break;
    if (certain !== undefined && mark.index !== certain) break;
    // Two marks may share a quote.
    beforeUser.lastIndex = mark.index + 1;
    const uriEnd = mark.index;
    const userStart = uriEnd + mark[0].length;
    const isUriBounded = uriFits(text, uriStart, uriEnd, grammar);
    if (nextScript >= 0 && nextScript < userStart) {
      nextScript = text.indexOf(beforeScript, userStart);
    }
    let userEnd = nextScript;
    for (; userEnd >= 0; userEnd = text.indexOf(beforeScript, userEnd + 1)) {
      const scriptStart = userEnd + beforeScript.length;
      const fields = {
        methodEnd: body + methodEnd,
        uriStart: body + uriStart,
        uriEnd: body + uriEnd,
        contentLength: mark.groups?.["contentLength"] ?? "",
        userStart: body + userStart,
        userEnd: body + userEnd,
        scriptStart: body + scriptStart,
      };
      unbounded = { ...fields, readings };
      if (userEnd - userStart > longest.user) break;
      if (isUriBounded && text.length - scriptStart <= longest.script) {
        readings++;
        bounded = { ...fields, readings };
      }
    }
  }
  return bounded ?? unbounded;
}

/** Whether a URI keeps the limits of a path, which may contain a `?`, and of a query after a `?`. */
function uriFits(letters: string, start: number, end: number, grammar: Grammar): boolean {
  const { growth, raw } = grammar;
  const fits = (from: number, to: number, most: number, times: number): boolean =>
    to - from <= most || (to - from <= most * times && !letters.slice(from, to).includes(raw));
  if (fits(start, end, longest.path, growth.path)) return true;
  return [longest.path, longest.path * growth.path].some((path) => {
    const mark = start + letters.slice(start, start + path + 1).lastIndexOf("?");
    return (
      mark >= start &&
      fits(start, mark, longest.path, growth.path) &&
      fits(mark + 1, end, longest.query, growth.query)
    );
  });
}
