import { globMatcher } from "./glob-matcher.js";

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

/** Variables of a shell: `undefined` is one whose value cannot be known without running it. */
export type ShellVariables = Map<string, string | undefined>;

const piece =
  /'([^']*)'|"((?:\\[\s\S]|\$\{(?:[^{}]|\{[^{}]*\})*\}|\$(?!\{)|[^"\\$])*)"|\\([\s\S])|\$\{((?:[^{}]|\{[^{}]*\})*)\}|\$([A-Za-z_]\w*)|([`$])|[\s\S]/g;

/**
 * A word as a shell expands it, without its quotes; `undefined` where that needs a shell, or a
 * variable that is not known. `${NAME:=word}` sets the variable.
 */
export function expandWord(
  word: string,
  variables: ShellVariables,
  isQuoted = false,
): string | undefined {
  let text = "";
  for (const match of word.matchAll(piece)) {
    const [whole, single, double, escaped, braced, name, command] = match;
    let value: string | undefined = whole;
    if (single !== undefined) {
      const inner = isQuoted ? expandWord(single, variables, true) : single;
      value = isQuoted && inner !== undefined ? `'${inner}'` : inner;
    } else if (double !== undefined) {
      value = expandWord(double, variables, true);
    } else if (escaped !== undefined) {
      value = isQuoted && !/[$`"\\\n]/.test(escaped) ? whole : escaped.replace("\n", "");
    } else if (braced !== undefined) {
      value = expandParameter(braced, variables, isQuoted);
    } else if (name !== undefined) {
      value = variable(name, variables);
    } else if (command !== undefined && !isLiteralDollar(word, match.index)) {
      value = undefined;
    }
    if (value === undefined) return undefined;
    text += value;
  }
  return text;
}

/** A `$` that nothing follows stands for itself. */
function isLiteralDollar(word: string, at: number): boolean {
  return word[at] === "$" && /^(?:[\s"]|$)/.test(word.slice(at + 1));
}

/** What is not set is empty. */
function variable(name: string, variables: ShellVariables): string | undefined {
  return variables.has(name) ? variables.get(name) : "";
}

/** What stands in `${…}` (POSIX shell, 2.6.2). */
function expandParameter(
  inner: string,
  variables: ShellVariables,
  isQuoted: boolean,
): string | undefined {
  const match = /^([A-Za-z_]\w*)(?:(:?[-=+?])|(##?|%%?))?([\s\S]*)$/.exec(inner);
  if (match === null) return undefined;
  const [, name = "", operator, removal, word = ""] = match;
  const value = variable(name, variables);
  if (value === undefined) return undefined;
  if (removal !== undefined) {
    const pattern = expandWord(word, variables, isQuoted);
    return pattern === undefined ? undefined : removeMatch(value, removal, pattern);
  }
  if (operator === undefined) return word === "" ? value : undefined;
  const isSet = variables.has(name) && !(operator.startsWith(":") && value === "");
  const other = () => expandWord(word, variables, isQuoted);
  switch (operator.at(-1)) {
    case "-":
      return isSet ? value : other();
    case "+":
      return isSet ? other() : "";
    case "=": {
      if (isSet) return value;
      const assigned = other();
      variables.set(name, assigned);
      return assigned;
    }
    default:
      return isSet ? value : undefined;
  }
}

/** `#` and `##` remove the shortest and the longest match at the start, `%` and `%%` at the end. */
function removeMatch(value: string, removal: string, pattern: string): string {
  const matcher = globMatcher(pattern);
  const isStart = removal.startsWith("#");
  const lengths = [...Array(value.length + 1).keys()];
  if (removal.length === 2) lengths.reverse();
  for (const length of lengths) {
    const cut = isStart ? value.slice(0, length) : value.slice(value.length - length);
    if (!matcher.test(cut)) continue;
    return isStart ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}
