import type { Block, Grammar } from "./process-grammar.js";

/** Where the fields between a block's head and its tail lie. */
export interface Body {
  readonly methodEnd: number;
  readonly uriStart: number;
  readonly uriEnd: number;
  readonly contentLength: string;
  readonly userStart: number;
  readonly userEnd: number;
  readonly scriptStart: number;
  /** In how many ways the block can be read with every field inside its bounds. */
  readonly readings: number;
}

/** Bytes that PHP-FPM's scoreboard keeps of a request: fpm_scoreboard.h, less the closing NUL. */
const longest = { path: 127, query: 511, user: 31, script: 255 } as const;

/**
 * Divides a block into its fields. The marks of a method do not fit into one, so the first of them
 * is genuine; behind it the last division that keeps the fields inside their bounds is taken,
 * because a URI and a user are easier to choose than the path of a script that exists.
 *
 * @returns `undefined` when the block has not the fields of a process
 */
export function divide(
  letters: string,
  { body, tail }: Pick<Block, "body" | "tail">,
  grammar: Grammar,
): Body | undefined {
  const { beforeUri, beforeScript, beforeUser } = grammar;
  const methodEnd = letters.indexOf(beforeUri, body);
  if (methodEnd < 0 || methodEnd >= tail) return undefined;
  const uriStart = methodEnd + beforeUri.length;
  const certain = grammar.uriEnd?.(letters, uriStart);

  let bounded: Body | undefined;
  let unbounded: Body | undefined;
  let readings = 0;
  beforeUser.lastIndex = certain ?? uriStart;
  for (;;) {
    const mark = beforeUser.exec(letters);
    if (mark === null || mark.index >= tail) break;
    if (certain !== undefined && mark.index !== certain) break;
    // Marks may share a quote.
    beforeUser.lastIndex = mark.index + 1;
    const userStart = mark.index + mark[0].length;
    const isUriBounded = uriFits(letters, uriStart, mark.index, grammar);
    let userEnd = letters.indexOf(beforeScript, userStart);
    for (; userEnd >= 0; userEnd = letters.indexOf(beforeScript, userEnd + 1)) {
      const scriptStart = userEnd + beforeScript.length;
      if (scriptStart > tail) break;
      const uriEnd = mark.index;
      const contentLength = mark.groups?.["length"] ?? "";
      const fields = {
        methodEnd,
        uriStart,
        uriEnd,
        contentLength,
        userStart,
        userEnd,
        scriptStart,
      };
      unbounded = { ...fields, readings };
      if (userEnd - userStart > longest.user) break;
      if (isUriBounded && tail - scriptStart <= longest.script) {
        readings++;
        bounded = { ...fields, readings };
      }
    }
  }
  return bounded ?? unbounded;
}

/** A URI is a path, and a query behind a `?` where there is one. A path may have a `?` too. */
function uriFits(letters: string, start: number, end: number, grammar: Grammar): boolean {
  const { growth, raw } = grammar;
  const fits = (from: number, to: number, most: number, times: number): boolean =>
    to - from <= most || (to - from <= most * times && !letters.slice(from, to).includes(raw));
  if (fits(start, end, longest.path, growth.path)) return true;
  return [longest.path, longest.path * growth.path].some((path) => {
    const mark = letters.lastIndexOf("?", start + path);
    return (
      mark >= start &&
      fits(start, mark, longest.path, growth.path) &&
      fits(mark + 1, end, longest.query, growth.query)
    );
  });
}
