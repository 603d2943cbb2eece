import { type Scoreboard, scoreboardState } from "../../../apache/page/scoreboard.js";
import type { Style } from "../../../terminal/style.js";
import { visible, wrapParts } from "../../../terminal/text.js";

type Paint = keyof Style;

/** Letters in the order of the legend: idle, busy, held by a client, starting or ending, open. */
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

/** Slots per line where the output is not a terminal. */
const UNLIMITED = 100;
/** From this many equal lines on, only the first one is drawn. */
const MANY = 3;

/** The word for a letter; an unknown letter is returned as it is. */
export function modeWord(letter: string): string {
  return scoreboardState(letter)?.meaning ?? visible(letter);
}

/**
 * The map of httpd's slots, one letter each, in the order of the page. Each of several lines begins
 * with the number of its first slot.
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

/** How many full lines from here on consist of the same letter. */
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

/** The meaning and the count of each letter on the map. */
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
