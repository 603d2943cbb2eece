/**
 * Characters that are unsafe on a terminal: controls (C0, DEL, C1), which move the cursor and worse;
 * invisible characters and those that change the direction, which disguise text; unassigned code
 * points for private use, and lone surrogates.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const unsafeInLines = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * One line of text that is safe on a terminal. Clients choose the method, URI, user and script of a
 * request: control characters in them are shown as `\x1b` or `\u202e`.
 */
export function visible(text: string): string {
  return ascii.test(text) ? text : text.replace(unsafe, escapeCharacter);
}

/** {@link visible} for text of several lines: keeps line ends and tabs. */
export function visibleLines(text: string): string {
  return text.replace(unsafeInLines, escapeCharacter);
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
  }
  const code = character.codePointAt(0) as number;
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}

const ascii = /^[\x20-\x7e]*$/;
/** Characters that combine with the one before them. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Characters of two cells: East Asian scripts, their full-width forms and punctuation, emoji. */
const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The width of a text on a terminal, in cells. The text has no control characters. */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts a text to `width` cells. `…` replaces the end. */
export function clipEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${takeCells([...text], width - 1).join("")}…`;
}

/** Cuts a text to `width` cells. `…` replaces the start. */
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

/** A part of a line, which is never cut, and its colour. */
export interface Part {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

const GAP = "   ";

/** Parts after a label, on as many lines as needed; further lines are indented by its width. */
export function wrapParts(
  label: string,
  parts: readonly Part[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const indent = " ".repeat(textWidth(label));
  const lines: string[] = [];
  let line = label;
  let used = label.length;
  let isEmpty = true;
  for (const { text, paint } of parts) {
    const gap = isEmpty ? "" : GAP;
    const needed = gap.length + textWidth(text);
    if (!isEmpty && used + needed > width) {
      lines.push(line);
      line = indent;
      used = indent.length;
      isEmpty = true;
    }
    line += (isEmpty ? "" : gap) + (paint === undefined ? text : paint(text));
    used += (isEmpty ? 0 : gap.length) + textWidth(text);
    isEmpty = false;
  }
  if (!isEmpty) lines.push(line);
  return lines;
}

/** Words on as many lines as needed; a word that is longer than a line is not cut. */
export function wrapWords(text: string, width: number = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
