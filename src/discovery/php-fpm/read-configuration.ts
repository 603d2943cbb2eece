import { lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import {
  problemOf,
  readConfigurationText,
} from "../../apache/configuration/configuration-files.js";
import { globMatcher } from "../../apache/configuration/glob-matcher.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { globalDirectives, poolArrays, poolDirectives, readDirectiveValue } from "./directives.js";
import { type IniText, type LookUp, readIniLine } from "./ini-line.js";

/** A directive as the configuration has it. */
export interface Setting {
  /** A text, an integer, a time in seconds, or 1 and 0 for a boolean. */
  readonly value: string | number;
  /** What its value depends on and is not known: `${NAME}`. */
  readonly dependsOn: readonly string[];
  /** The file and line: `/etc/php/8.2/fpm/pool.d/www.conf:41`. */
  readonly source: string;
}

/** The directives of `[global]`, or of one pool. */
export interface PoolSection {
  readonly name: string;
  /** The file and line of its first section. */
  readonly source: string;
  /** The directives by their names in lower case; the last of each name. */
  readonly settings: Map<string, Setting>;
  /** The items of arrays by `name[index]`. */
  readonly items: Map<string, Setting>;
}

/** The sections of a configuration, before php-fpm's defaults. */
export interface ConfigurationSections {
  readonly global: PoolSection;
  /** In the order of their first sections. */
  readonly pools: readonly PoolSection[];
  /** The files that were read, the main one first, and the folders in which an include looks. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** What could not be read. Pools in it are unknown. */
  readonly problems: readonly ReadProblem[];
}

/** What could not be read, or is not known. */
export interface ReadProblem {
  /** The file, with the line if one is meant. */
  readonly source: string;
  readonly message: string;
}

export interface ReadOptions {
  /** The prefix before relative paths of `include`: that of `-p`, or the one built in. */
  readonly prefix: string;
  /** Gives the values of `${NAME}`. */
  readonly lookUp: LookUp;
}

/** php-fpm reads the main file, and includes four levels below it. */
const MAX_DEPTH = 5;
/** The most files of a configuration. */
const MAX_FILES = 20_000;

/**
 * Reads a configuration with its includes.
 *
 * @throws GatewayError `bad_input` where php-fpm refuses it, with the file and line
 */
export function readSections(file: string, options: ReadOptions): ConfigurationSections {
  return new SectionReader(options).read(file);
}

/** The error of a configuration that php-fpm refuses. */
export function refusal(source: string, why: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `${source}: ${why}`, {
    hint: "php-fpm does not start or reload with this configuration: correct it, and check it with php-fpm -tt",
  });
}

class SectionReader {
  readonly #options: ReadOptions;
  readonly #pools = new Map<string, PoolSection>();
  readonly #files: string[] = [];
  readonly #folders = new Set<string>();
  readonly #problems: ReadProblem[] = [];
  #global: PoolSection | undefined;
  /** The section that the next line belongs to. It outlasts the file in which it begins. */
  #current: PoolSection | undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  read(file: string): ConfigurationSections {
    const global = newSection("global", file);
    this.#global = global;
    this.#file(file, 0, undefined);
    return {
      global,
      pools: [...this.#pools.values()],
      files: this.#files,
      folders: [...this.#folders],
      problems: this.#problems,
    };
  }

  #file(path: string, depth: number, from: string | undefined): void {
    if (depth >= MAX_DEPTH) throw refusal(from ?? path, `includes ${path} more than 5 levels deep`);
    if (this.#files.length === MAX_FILES) throw refusal(path, `is one of over ${MAX_FILES} files`);
    const read = readConfigurationText(path);
    this.#files.push(path);
    if (!("text" in read)) {
      if (read.isMissing) throw refusal(from ?? path, `${path} is missing`);
      this.#problems.push({ source: path, message: `it ${read.problem}` });
      return;
    }
    for (const [index, line] of read.text.split("\n").entries()) {
      this.#line(line, `${path}:${index + 1}`, depth);
    }
  }

  #line(line: string, source: string, depth: number): void {
    if (line === "" || line.startsWith(";")) return;
    const refuse = (why: string): never => {
      throw refusal(source, why);
    };
    let include: IniText | undefined;
    for (const statement of readIniLine(line, this.#options.lookUp, refuse)) {
      if (statement.kind === "section") this.#section(statement.name, source);
      else if (statement.value === undefined) refuse(noValue(statement.key));
      else if (statement.kind === "item") this.#item(statement, statement.value, source);
      else if (statement.key !== "include") this.#entry(statement.key, statement.value, source);
      else if (include === undefined) include = statement.value;
      else refuse("has two includes in one line");
    }
    if (include !== undefined) this.#include(include, source, depth);
  }

  #section({ text, dependsOn }: IniText, source: string): void {
    if (dependsOn.length > 0) {
      this.#problems.push({
        source,
        message: `the pool's name depends on ${dependsOn.join(", ")}`,
      });
    }
    const key = text.toLowerCase();
    if (key === "global") {
      this.#current = undefined;
      return;
    }
    const pool = this.#pools.get(key) ?? newSection(text, source);
    this.#pools.set(key, pool);
    this.#current = pool;
  }

  #entry(key: string, value: IniText, source: string): void {
    const name = key.toLowerCase();
    const pool = this.#current;
    const type = (pool === undefined ? globalDirectives : poolDirectives).get(name);
    if (type === undefined) {
      const where = pool === undefined ? "[global]" : "a pool";
      throw refusal(source, `"${key}" is no directive of ${where}`);
    }
    const { text, dependsOn } = this.#withPool(value, source);
    if (dependsOn.length > 0) {
      this.#set(name, { value: text, dependsOn, source });
      return;
    }
    const read = readDirectiveValue(type, { text, dependsOn });
    if ("problem" in read) throw refusal(source, `${name}: "${text}" ${read.problem}`);
    this.#set(name, { value: read.value, dependsOn, source });
  }

  #set(name: string, setting: Setting): void {
    (this.#current ?? this.#global)?.settings.set(name, setting);
  }

  #item(
    { key, index }: { readonly key: string; readonly index: string },
    value: IniText,
    source: string,
  ): void {
    const pool = this.#current;
    const why = pool === undefined ? "[global] has no arrays" : itemProblem(key, index, value);
    if (pool === undefined || why !== undefined) throw refusal(source, why ?? "");
    const { text, dependsOn } = this.#withPool(value, source);
    pool.items.set(`${key}[${index}]`, { value: text, dependsOn, source });
  }

  /** Replaces `$pool`. */
  #withPool({ text, dependsOn }: IniText, source: string): IniText {
    if (!text.includes("$pool")) return { text, dependsOn };
    if (this.#current === undefined) throw refusal(source, "$pool is only for pools");
    return { text: text.replaceAll("$pool", () => this.#current?.name ?? ""), dependsOn };
  }

  #include({ text, dependsOn }: IniText, source: string, depth: number): void {
    if (dependsOn.length > 0) {
      const message = `include depends on ${dependsOn.join(", ")}, so its files were not read`;
      this.#problems.push({ source, message });
      return;
    }
    const pattern = isAbsolute(text) ? text : `${this.#options.prefix}/${text}`;
    this.#folders.add(dirname(pattern));
    for (const path of this.#matches(pattern, source)) this.#file(path, depth + 1, source);
  }

  /** The files that an include names, in php-fpm's order. Folders do not count. */
  #matches(pattern: string, source: string): string[] {
    const parts = pattern.split("/").filter((part) => part !== "");
    let paths = ["/"];
    for (const part of parts) {
      paths = isPattern(part)
        ? paths.flatMap((folder) => this.#inFolder(folder, part, source))
        : paths.map((folder) => join(folder, part));
    }
    const isSure = isPattern(parts.at(-1) ?? "");
    return paths.filter((path) => (isSure || exists(path)) && !isFolder(path));
  }

  #inFolder(folder: string, pattern: string, source: string): string[] {
    this.#folders.add(folder);
    const matcher = globMatcher(pattern);
    try {
      return readdirSync(folder)
        .sort()
        .filter((name) => matcher.test(name) && (!name.startsWith(".") || /^\\?\./.test(pattern)))
        .map((name) => join(folder, name));
    } catch (error) {
      const { isMissing, problem } = problemOf(folder, error);
      if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [];
      if (isMissing) throw refusal(source, `the folder ${folder} of its include is missing`);
      this.#problems.push({ source, message: `the folder ${folder} of its include ${problem}` });
      return [];
    }
  }
}

function newSection(name: string, source: string): PoolSection {
  return { name, source, settings: new Map(), items: new Map() };
}

/** Whether a path exists, as far as this user can see. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return !problemOf(path, error).isMissing;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const isPattern = (part: string): boolean => /[*?[\\]/.test(part);

function noValue(key: string): string {
  if (!key.startsWith("#")) return `"${key}" has no value`;
  return `"${key.slice(0, 40)}" is no directive: comments begin with ;, not with #`;
}

function itemProblem(key: string, index: string, { text }: IniText): string | undefined {
  if (!poolArrays.has(key)) return `"${key}" is no array of a pool`;
  if (key === "access.suppress_path") {
    if (index !== "") return "access.suppress_path takes no key";
    return text.startsWith("/") ? undefined : "access.suppress_path: a path begins with /";
  }
  if (index === "") return `${key}[] needs a key`;
  if (key === "env" && text === "") return `env[${index}] is empty`;
  if (key.endsWith("flag") && text !== "1" && text !== "") return `${key}: write on or off`;
  return undefined;
}
