import { dirname, isAbsolute, join } from "node:path";
import { filesOf, readConfigurationText } from "../apache/configuration/configuration-files.js";
import type { NotLookedAt } from "./evidence.js";

/** The most files that are read; a file that is included twice counts twice. */
const MAX_FILES = 2_000;

/** The servers of a configuration that requests are passed to, and its logs. */
export interface NginxConfiguration {
  readonly backends: readonly { readonly address: string; readonly source: string }[];
  readonly errorLogs: readonly string[];
}

/** Reads a configuration of nginx with its includes. What it passes by variables is not known. */
export function readNginxConfiguration(main: string, missing: NotLookedAt[]): NginxConfiguration {
  const backends: { address: string; source: string }[] = [];
  const errorLogs: string[] = [];
  let count = 0;
  const open = new Set<string>();
  const read = (file: string, block: string | undefined): void => {
    // A file that includes itself is read once.
    if (open.has(file) || ++count > MAX_FILES) return;
    open.add(file);
    const found = readConfigurationText(file);
    if (!("text" in found)) {
      missing.push({ what: `nginx's ${file}`, why: `it ${found.problem}` });
      return;
    }
    const blocks = [block];
    for (const { name, value, line, end } of nginxDirectives(found.text)) {
      if (end === "}") blocks.pop();
      else if (end === "{") blocks.push(name);
      else if (name === "error_log") errorLogs.push(value);
      else if (name === "include") {
        const pattern = isAbsolute(value) ? value : join(dirname(main), value);
        for (const each of filesOf(pattern)) read(each, blocks.at(-1));
      } else if (name === "fastcgi_pass" || (name === "server" && blocks.at(-1) === "upstream")) {
        backends.push({ address: value, source: `${file}:${line}` });
      }
    }
    open.delete(file);
  };
  read(main, undefined);
  if (count > MAX_FILES) {
    missing.push({ what: "some of nginx's files", why: `at most ${MAX_FILES} are read` });
  }
  return { backends, errorLogs };
}

/** A directive, the start of a block, or the end of one. */
export interface NginxDirective {
  /** Empty at the end of a block. */
  readonly name: string;
  /** Its first argument; empty without one. */
  readonly value: string;
  /** The line of its name. */
  readonly line: number;
  readonly end: ";" | "{" | "}";
}

/** Blanks, a comment, a quoted word, a mark, or a word, in which `${name}` is no block. */
const TOKEN =
  /[^\S\n]+|\n|#[^\n]*|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[;{}]|(?:\\[\s\S]|\$\{[^}\s]*\}?|[^\s;{}\\])(?:\\[\s\S]|\$\{[^}\s]*\}?|[^\s;{}\\])*|\\/g;

/** The directives of a configuration in their order, however its lines are broken. */
export function* nginxDirectives(text: string): Generator<NginxDirective> {
  let words: string[] = [];
  let line = 1;
  let start = 1;
  for (const [token] of text.matchAll(TOKEN)) {
    const from = line;
    line += token.split("\n").length - 1;
    if (token === ";" || token === "{" || token === "}") {
      const [name = "", value = ""] = words;
      if (words.length > 0 || token !== ";") yield { name, value, line: start, end: token };
      words = [];
    } else if (!/^(?:\s|#)/.test(token)) {
      if (words.length === 0) start = from;
      words.push(/^["']/.test(token) ? token.slice(1, -1).replace(/\\(["'\\])/g, "$1") : token);
    }
  }
}
