/**
 * What must not reach a terminal as it is: controls (C0, DEL, C1), which move cursors and worse;
 * invisible and direction-changing characters, which make text look like another; what is no
 * character at all.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const unsafeInLines = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * One line of text that is safe on a terminal. Method, URI, user and script of a process come from
 * whoever sent the request: their control characters are shown as `\x1b` or `\u202e`.
 */
export function visible(text: string): string {
  return text.replace(unsafe, escapeCharacter);
}

/** {@link visible} for text of several lines: line ends and tabs stay. */
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
