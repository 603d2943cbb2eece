import { type Scoreboard, scoreboardState } from "../../../apache/page/scoreboard.js";
import type { Style } from "../../terminal/style.js";
import { visible, wrapParts } from "../../terminal/text.js";

type Paint = keyof Style;

/** The letters by what they say of a slot: free, at work, held by a client, coming or going. */
const paints: readonly (readonly [letters: string, paint: Paint])[] = [
  ["_", "good"],
  ["RWDL", "warning"],
  ["KC", "calm"],
  ["SGI", "notable"],
  [".", "faint"],
];

const legend = paints.flatMap(([letters, paint]) =>
  [...letters].map((letter) => ({ letter, word: modeWord(letter), paint })),
);
const paintOf = new Map(legend.map(({ letter, paint }) => [letter, paint]));

/** Slots in a line where no terminal says how many. */
const UNLIMITED = 100;
/** So many lines of one letter are drawn once. */
const MANY = 3;

/** What a worker of this letter does; a letter that has no name is its own. */
export function modeWord(letter: string): string {
  return scoreboardState(letter)?.meaning ?? visible(letter);
}

/**
 * The map of an httpd's slots, a letter each, as the page has them. Where it takes several lines,
 * each begins with the number of its first slot.
 *
 * @param width cells of a line of the terminal
 */
export function mapLines({ letters: raw }: Scoreboard, style: Style, width?: number): string[] {
  const letters = raw.replace(/[^!-~]/g, "?");
  const room = width ?? UNLIMITED;
  if (letters.length <= room) return [paintRuns(letters, style)];
  const gutter = String(letters.length - 1).length;
  const perLine = slotsPerLine(room - gutter - 1);
  const lines: string[] = [];
  for (let start = 0; start < letters.length; ) {
    const repeated = repeatedLines(letters, start, perLine);
    const label = style.faint(String(start).padStart(gutter));
    lines.push(`${label} ${paintRuns(letters.slice(start, start + perLine), style)}`);
    start += perLine;
    if (repeated < MANY) continue;
    const skipped = (repeated - 1) * perLine;
    lines.push(style.faint(`${" ".repeat(gutter)} … ${skipped} more like these`));
    start += skipped;
  }
  return lines;
}

function slotsPerLine(room: number): number {
  return room < 10 ? Math.max(1, room) : room - (room % 10);
}

/** How many whole lines from here on have one letter only, the same in all. */
function repeatedLines(letters: string, start: number, perLine: number): number {
  const letter = letters[start];
  let end = start;
  while (end < letters.length && letters[end] === letter) end++;
  return Math.floor((end - start) / perLine);
}

function paintRuns(letters: string, style: Style): string {
  const runs = letters.match(/(.)\1*/g) ?? [];
  return runs.map((run) => style[paintOf.get(run[0]!) ?? "bad"](run)).join("");
}

/** What the letters that are on the map mean, and how many there are of each. */
export function legendLines(scoreboard: Scoreboard, style: Style, width?: number): string[] {
  const parts = legend.flatMap(({ letter, word, paint }) => {
    const count = scoreboard.count(letter);
    return count === 0 ? [] : [{ text: `${letter} ${count} ${word}`, paint: style[paint] }];
  });
  if (scoreboard.other > 0) {
    parts.push({ text: `${scoreboard.other} of unknown letters`, paint: style.bad });
  }
  return wrapParts("", parts, width);
}
