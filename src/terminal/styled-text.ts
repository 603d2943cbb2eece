import { textWidth } from "./text.js";

/** A sequence that sets a colour (SGR), or one character. */
const PIECE = /\x1b\[[0-9;]*m|./gsu;
const RESET = "\x1b[0m";

/**
 * The cells of a line from `start` on, at most `width` of them, with their colours. A wide character
 * that is cut in two is left out. The line has no other control characters.
 */
export function sliceCells(line: string, start: number, width: number): string {
  if (start === 0 && line.length <= width && !line.includes("\x1b")) {
    if (textWidth(line) <= width) return line;
  }
  let result = "";
  let at = 0;
  let isColoured = false;
  for (const [piece] of line.matchAll(PIECE)) {
    if (piece.startsWith("\x1b[")) {
      isColoured = true;
      result += piece;
      continue;
    }
    const cells = textWidth(piece);
    if (at >= start && at + cells <= start + width) result += piece;
    at += cells;
  }
  return isColoured && at > start + width ? result + RESET : result;
}
