import { dirname, isAbsolute, join } from "node:path";
import { LoadedModules, matchesVersion } from "./conditions.js";
import { type FileProblem, filesOf, readLines } from "./configuration-files.js";

/** A section that a directive stands in, such as `<VirtualHost *:443>`. */
export interface ConfigurationSection {
  /** In lower case. */
  readonly name: string;
  readonly arguments: readonly string[];
}

/** A directive of httpd's configuration that is in effect. */
export interface Directive {
  /** The name in lower case. */
  readonly name: string;
  /** The arguments without quotes. Known variables are replaced. */
  readonly arguments: readonly string[];
  readonly file: string;
  /** The line of the file, counted from 1. */
  readonly line: number;
  /** The sections around it, outermost first. */
  readonly sections: readonly ConfigurationSection[];
}

export interface ConfigurationOptions {
  /** Where relative paths begin until a ServerRoot says otherwise. Default: by the file's place. */
  readonly serverRoot?: string | undefined;
  /** Names that `-D` defines. Default: none. */
  readonly defines?: readonly string[] | undefined;
  /** Values of `${NAME}`, besides those that Define sets. Default: none. */
  readonly environment?: ReadonlyMap<string, string> | undefined;
  /** Returns httpd's version, such as `2.4.66`. Called when an `<IfVersion>` needs it. */
  readonly version?: (() => string | undefined) | undefined;
}

export interface Configuration {
  /** In the order in which httpd reads them, those of sections too. */
  readonly directives: readonly Directive[];
  /** Why the main file could not be read. */
  readonly problem: FileProblem | undefined;
  readonly serverRoot: string;
  readonly warnings: readonly string[];
}

/**
 * Reads httpd's configuration as httpd does, with Include, Define, IfModule, IfDefine, IfFile and
 * IfVersion. Files are read; nothing is run. A condition that cannot be decided leaves its block
 * out, and a warning says so; macros are left out.
 */
export function readConfiguration(file: string, options: ConfigurationOptions = {}): Configuration {
  const reader = new ConfigurationReader(file, options);
  const problem = reader.readFile(file, 0);
  const { directives, serverRoot, warnings } = reader;
  return { directives, problem, serverRoot, warnings };
}

/** httpd's own limit. It ends a file that includes itself. */
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
  readonly #version: () => string | undefined;
  /** The names that IfDefine knows. */
  readonly #defines: Set<string>;
  /** What Define has given a value, which `-D` cannot. */
  readonly #values = new Map<string, string>();
  readonly #environment: ReadonlyMap<string, string>;
  readonly #modules = new LoadedModules();
  #files = 0;
  #sections: readonly OpenSection[] = [];

  constructor(file: string, options: ConfigurationOptions) {
    const folder = dirname(file);
    this.serverRoot = options.serverRoot ?? (folder.endsWith("/conf") ? dirname(folder) : folder);
    this.#version = options.version ?? (() => undefined);
    this.#defines = new Set(options.defines);
    this.#environment = options.environment ?? new Map();
  }

  /** Reads a file; returns why it could not be read. A section ends with the file that began it. */
  readFile(file: string, depth: number): FileProblem | undefined {
    if (depth > DEEPEST) return { isMissing: false, problem: "is included too deeply" };
    if (++this.#files > MOST_FILES) return { isMissing: false, problem: "is one file too many" };
    const read = readLines(file);
    if ("problem" in read) return read;
    const outer = this.#sections;
    for (const { text, line } of joinedLines(read.lines)) this.#readLine(text, file, line, depth);
    this.#sections = outer;
    return undefined;
  }

  #readLine(text: string, file: string, line: number, depth: number): void {
    const section = /^<(\/?)([A-Za-z]+)\s*(?:(.*)>|(.*))/.exec(text);
    if (section !== null) {
      const [, slash, name = "", inside, open = ""] = section;
      const rest = inside ?? open;
      if (slash === "/") this.#endSection(name.toLowerCase());
      else this.#beginSection(name.toLowerCase(), this.#words(rest), `on line ${line} of ${file}`);
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
        this.#defines.add(first);
        if (directive.arguments.length > 1) this.#values.set(first, second);
        return;
      case "undefine":
        this.#defines.delete(first);
        this.#values.delete(first);
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
    const problems = new Set<string>();
    const files = filesOf(path, (_, problem) =>
      problems.add(`${path} was not read: it ${problem}`),
    );
    if (files.length === 0 && problems.size === 0 && name === "include" && !/[*?[]/.test(path)) {
      this.warnings.push(`${file} includes ${path} on line ${line}, which is missing`);
    }
    for (const included of files) {
      const failure = this.readFile(included, depth + 1);
      if (failure !== undefined) problems.add(`${included} was not read: it ${failure.problem}`);
    }
    this.warnings.push(...problems);
  }

  #beginSection(name: string, values: readonly string[], where: string): void {
    const condition = this.#condition(name, values, where);
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
  #condition(name: string, values: readonly string[], where: string): boolean | undefined {
    if (!/^(?:if|else)/.test(name)) return undefined;
    if (this.#sections.some(({ isRead }) => !isRead)) return false;
    const value = values.join(" ");
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
      case "ifversion":
        return this.#admitsVersion(values, where);
      case "ifdirective":
      case "ifsection":
        this.warnings.push(`the block ${where} was left out: it depends on httpd's modules`);
        return false;
      default:
        // What a request decides (If, ElseIf, Else) is read.
        return true;
    }
  }

  #admitsVersion(values: readonly string[], where: string): boolean {
    const version = this.#version();
    const matches = version === undefined ? undefined : matchesVersion(version, values);
    if (matches !== undefined) return matches;
    this.warnings.push(
      version === undefined
        ? `<IfVersion ${values.join(" ")}> ${where} was left out: httpd's version is not known`
        : `<IfVersion ${values.join(" ")}> ${where} was left out: httpd does not understand it`,
    );
    return false;
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

  /** A variable that is not set stays as it is written, as in httpd. */
  #substitute(text: string): string {
    return text.replace(
      /\$\{([^}]*)\}/g,
      (written, name: string) => this.#values.get(name) ?? this.#environment.get(name) ?? written,
    );
  }
}

/** Lines without blanks around them, joined where they end in a backslash; no comments. */
function* joinedLines(lines: readonly string[]): Generator<{ text: string; line: number }> {
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let text = lines[at]!;
    while (text.endsWith("\\") && at + 1 < lines.length) text = text.slice(0, -1) + lines[++at];
    text = text.trim();
    if (text !== "" && !text.startsWith("#")) yield { text, line };
  }
}
