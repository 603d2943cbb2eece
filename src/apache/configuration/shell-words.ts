/** A simple command of a shell script. */
export interface ShellStatement {
  /** As they are written, quotes included. */
  readonly words: readonly string[];
  /** What ends it. `(` and `)` stand for all that has them: functions, subshells, patterns. */
  readonly end: ";" | "&&" | "||" | "(" | ")" | "other";
}

const blank = /(?:[ \t\r]|\\\r?\n)+/y;
const comment = /#[^\n]*/y;
const separator = /\n|;+|&&|\|\||[()&|<>]/y;
/** A part of a word: what is quoted, expanded or plain. */
const part =
  /\\[\s\S]|'[^']*'|"(?:\\[\s\S]|\$\{(?:[^{}]|\{[^{}]*\})*\}|\$(?!\{)|[^"\\$])*"|`[^`]*`|\$\((?:[^()]|\([^()]*\))*\)|\$\{(?:[^{}]|\{[^{}]*\})*\}|[^\s;&|()<>\\'"`]/y;

/** Splits a shell script into simple commands, and these into words. Nothing is run. */
export function* shellStatements(text: string): Generator<ShellStatement> {
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  let words: string[] = [];
  while (at < text.length) {
    if (match(blank) !== undefined || match(comment) !== undefined) continue;
    const end = match(separator);
    if (end !== undefined) {
      yield { words, end: endOf(end) };
      words = [];
      continue;
    }
    let word = "";
    for (let next = match(part); next !== undefined; next = match(part)) word += next;
    // A quote that is not closed.
    if (word === "") word = text.slice(at++, at);
    words.push(word);
  }
  yield { words, end: ";" };
}

function endOf(text: string): ShellStatement["end"] {
  if (text === "&&" || text === "||" || text === "(" || text === ")") return text;
  return /^[;\n]/.test(text) ? ";" : "other";
}
