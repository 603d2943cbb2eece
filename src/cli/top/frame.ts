import type { Style } from "../../terminal/style.js";
import { sliceCells } from "../../terminal/styled-text.js";

/** The size of a screen; `undefined` columns cut nothing. */
export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** What a screen shows. */
export interface FrameParts {
  readonly head: readonly string[];
  readonly body: readonly string[];
  /** The last line of the screen: keys, a question, or a message. */
  readonly foot: string;
}

/** The lines that are left for the body of a screen. */
export function bodyHeight(size: Size, head: number): number {
  return Math.max(1, size.rows - head - 1);
}

/** The lines of a screen, none longer than it is wide. */
export function frameLines({ head, body, foot }: FrameParts, size: Size, from = 0): string[] {
  const height = bodyHeight(size, head.length);
  const shown = Array.from({ length: height }, (_, row) => body[row] ?? "");
  const cut = (line: string, start = 0) => sliceCells(line, start, size.columns);
  return [
    ...head.map((line) => cut(line)),
    ...shown.map((line) => cut(line, from)),
    cut(foot),
  ].slice(-size.rows);
}

/** The keys in the last line of a screen: `q quit  / filter`. */
export function keyHints(hints: readonly (readonly [key: string, does: string])[], style: Style) {
  return hints.map(([key, does]) => `${style.heading(key)} ${style.faint(does)}`).join("  ");
}

/** The marker of a line in a list. */
export function marked(line: string, isSelected: boolean, style: Style): string {
  return isSelected ? `${style.heading(">")} ${line}` : `  ${line}`;
}
