import { stripVTControlCharacters } from "node:util";
import { textWidth } from "./text.js";

/** How much further than its line a line's continuation is indented, in cells. */
const HANGING = 2;

/**
 * Breaks lines at spaces so that they fit a terminal. What follows a break is indented a little
 * further than its line. A word that is longer than a line stays whole: it may be a path to copy.
 *
 * @param text may be styled
 * @param width cells of a line; undefined where nothing limits it
 */
export function wrapLines(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split("\n")
    .map((line) => wrapLine(line, width))
    .join("\n");
}

function wrapLine(line: string, width: number): string {
  const [margin = ""] = /^ */.exec(line) ?? [];
  const [first = "", ...words] = line.slice(margin.length).split(" ");
  const hanging = " ".repeat(margin.length + HANGING);
  let wrapped = margin + first;
  let used = margin.length + widthOf(first);
  for (const word of words) {
    const needed = widthOf(word);
    if (used + 1 + needed <= width) {
      wrapped += ` ${word}`;
      used += 1 + needed;
    } else {
      wrapped += `\n${hanging}${word}`;
      used = hanging.length + needed;
    }
  }
  return wrapped;
}

/** The width of a word that may be styled. */
function widthOf(word: string): number {
  return textWidth(stripVTControlCharacters(word));
}
