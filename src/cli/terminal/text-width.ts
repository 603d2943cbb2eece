const ascii = /^[\x20-\x7e]*$/;
/** Characters that stand on the one before them. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Characters of two cells: East Asian scripts, their full-width forms and punctuation, emoji. */
const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** How many cells of a terminal a text takes that has no control characters. */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Text that takes at most `width` cells: what is too much at the end becomes `…`. */
export function clipEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${takeCells([...text], width - 1).join("")}…`;
}

/** Text that takes at most `width` cells: what is too much at the start becomes `…`. */
export function clipStart(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `…${takeCells([...text].reverse(), width - 1)
    .reverse()
    .join("")}`;
}

function takeCells(characters: readonly string[], width: number): string[] {
  let used = 0;
  let count = 0;
  for (const character of characters) {
    used += characterWidth(character);
    if (used > width) break;
    count++;
  }
  return characters.slice(0, count);
}
