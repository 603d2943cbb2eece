import { dirname, isAbsolute, join } from "node:path";
import { filesOf, readLines } from "./configuration-files.js";
import { LoadedModules } from "./configuration-modules.js";

/** A section that a directive stands in, such as `<VirtualHost *:443>`. */
export interface ConfigurationSection {
  /** In lower case. */
  readonly name: string;
  readonly arguments: readonly string[];
}

/** A line of httpd's configuration that counts. */
export interface Directive {
  /** In lower case. */
  readonly name: string;
  /** Without quotes; variables that are known are replaced. */
  readonly arguments: readonly string[];
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Outermost first. */
  readonly sections: readonly ConfigurationSection[];
}

export interface ConfigurationOptions {
  /** Where relative paths begin until a ServerRoot says otherwise. Default: by the file's place. */
  readonly serverRoot?: string | undefined;
  /** Names defined by `-D`. */
  readonly defines?: readonly string[] | undefined;
  /** What `${NAME}` stands for besides what Define has set. */
  readonly environment?: ReadonlyMap<string, string> | undefined;
}

export interface Configuration {
  /** In the order in which httpd reads them, those of sections too. */
  readonly directives: readonly Directive[];
  /** Why the main file could not be read. */
  readonly problem: string | undefined;
  readonly serverRoot: string;
  readonly warnings: readonly string[];
}

/**
 * Reads httpd's configuration as httpd does, with Include, Define, IfModule, IfDefine and IfFile.
 * Files are read; nothing is run. What depends on httpd itself (IfVersion, Macro) is read as if it
 * held, or left out.
 */
export function readConfiguration(file: string, options: ConfigurationOptions = {}): Configuration {
  const reader = new ConfigurationReader(file, options);
  const problem = reader.readFile(file, 0);
  const { directives, serverRoot, warnings } = reader;
  return { directives, problem, serverRoot, warnings };
}

/** As httpd itself; a file that includes itself ends here. */
const DEEPEST = 20;
const MOST_FILES = 10_000;
const MOST_DIRECTIVES = 1_000_000;

interface OpenSection extends ConfigurationSection {
  /** Whether it is a condition: directives do not stand in it. */
  readonly isCondition: boolean;
  readonly isRead: boolean;
}

class ConfigurationReader {
  readonly directives: Directive[] = [];
  readonly warnings: string[] = [];
  serverRoot: string;
  readonly #defines: Map<string, string>;
  readonly #environment: ReadonlyMap<string, string>;
  readonly #modules = new LoadedModules();
  #files = 0;
  #sections: readonly OpenSection[] = [];

  constructor(file: string, options: ConfigurationOptions) {
    const folder = dirname(file);
    this.serverRoot = options.serverRoot ?? (folder.endsWith("/conf") ? dirname(folder) : folder);
    this.#defines = new Map((options.defines ?? []).map((name) => [name, ""]));
    this.#environment = options.environment ?? new Map();
  }

  /** Reads a file, and tells why it could not. Sections end with the file that they began in. */
  readFile(file: string, depth: number): string | undefined {
    if (depth > DEEPEST) return "is included too deeply";
    if (++this.#files > MOST_FILES) return "is one file too many";
    const read = readLines(file);
    if ("problem" in read) return read.problem;
    const outer = this.#sections;
    for (const { text, line } of joinedLines(read.lines)) this.#readLine(text, file, line, depth);
    this.#sections = outer;
    return undefined;
  }

  #readLine(text: string, file: string, line: number, depth: number): void {
    const section = /^<(\/?)([A-Za-z]+)\s*([^>]*)>?/.exec(text);
    if (section !== null) {
      const [, slash, name = "", rest = ""] = section;
      if (slash === "/") this.#endSection(name.toLowerCase());
      else this.#beginSection(name.toLowerCase(), this.#words(rest));
      return;
    }
    if (this.#sections.some(({ isRead }) => !isRead)) return;
    const [name = "", ...values] = this.#words(text);
    const sections = this.#sections.filter(({ isCondition }) => !isCondition);
    this.#readDirective(
      { name: name.toLowerCase(), arguments: values, file, line, sections },
      depth,
    );
  }

  #readDirective(directive: Directive, depth: number): void {
    const [first = "", second = ""] = directive.arguments;
    switch (directive.name) {
      case "include":
      case "includeoptional":
        this.#include(first, directive, depth);
        return;
      case "define":
        this.#defines.set(first, second);
        return;
      case "undefine":
        this.#defines.delete(first);
        return;
      case "loadmodule":
        this.#modules.add(first, second);
        return;
      case "serverroot":
        this.serverRoot = first;
        return;
    }
    if (this.directives.length < MOST_DIRECTIVES) this.directives.push(directive);
  }

  #include(pattern: string, { file, line, name }: Directive, depth: number): void {
    const path = isAbsolute(pattern) ? pattern : join(this.serverRoot, pattern);
    const files = filesOf(path);
    if (files.length === 0 && name === "include" && !/[*?[]/.test(path)) {
      this.warnings.push(`${file} includes ${path} on line ${line}, which is missing`);
    }
    for (const included of files) {
      const problem = this.readFile(included, depth + 1);
      if (problem !== undefined) this.warnings.push(`${included} was not read: it ${problem}`);
    }
  }

  #beginSection(name: string, values: readonly string[]): void {
    const condition = this.#condition(name, values.join(" "));
    this.#sections = [
      ...this.#sections,
      {
        name,
        arguments: values,
        isCondition: condition !== undefined,
        isRead: condition ?? name !== "macro",
      },
    ];
  }

  /** Whether the block of a condition is read; `undefined` for sections that are none. */
  #condition(name: string, value: string): boolean | undefined {
    if (!/^(?:if|else)/.test(name)) return undefined;
    if (this.#sections.some(({ isRead }) => !isRead)) return false;
    const isNegated = value.startsWith("!");
    const bare = isNegated ? value.slice(1).trim() : value;
    switch (name) {
      case "ifmodule":
        return this.#modules.admits(value);
      case "ifdefine":
        return this.#defines.has(bare) !== isNegated;
      case "iffile": {
        const path = isAbsolute(bare) ? bare : join(this.serverRoot, bare);
        return filesOf(path).length > 0 !== isNegated;
      }
      default:
        return true;
    }
  }

  #endSection(name: string): void {
    const at = this.#sections.findLastIndex((section) => section.name === name);
    if (at >= 0) this.#sections = this.#sections.slice(0, at);
  }

  /** The words of a line, without their quotes. */
  #words(text: string): string[] {
    const words = text.matchAll(/"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?|\S+/g);
    return [...words].map(([word, double, single]) => {
      const quoted = double ?? single;
      return this.#substitute(quoted === undefined ? word : quoted.replace(/\\(["'\\])/g, "$1"));
    });
  }

  /** A variable that nobody has set stays as it is written, as with httpd. */
  #substitute(text: string): string {
    return text.replace(
      /\$\{([^}]*)\}/g,
      (written, name: string) => this.#defines.get(name) ?? this.#environment.get(name) ?? written,
    );
  }
}

/** Lines without blanks around them, joined where they end in a backslash; no comments. */
function* joinedLines(lines: readonly string[]): Generator<{ text: string; line: number }> {
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let text = lines[at] as string;
    while (text.endsWith("\\") && at + 1 < lines.length) text = text.slice(0, -1) + lines[++at];
    text = text.trim();
    if (text !== "" && !text.startsWith("#")) yield { text, line };
  }
}
