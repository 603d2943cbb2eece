import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { readConfigurationText } from "./configuration-files.js";
import { expandWord, type ShellVariables, shellStatements } from "./shell.js";

/**
 * The variables that a file of shell assignments sets (Debian's `envvars`), conditions and defaults
 * included. Nothing is run: a variable whose value needs a shell, or depends on a condition that does,
 * is left out.
 */
export function readEnvironmentFile(path: string): Map<string, string> {
  const read = readConfigurationText(path);
  const variables: ShellVariables = new Map(inherited.map((name) => [name, undefined]));
  // Debian's apache2ctl sets it before it reads the file, and several instances differ in it.
  variables.set("APACHE_CONFDIR", dirname(path));
  const reader = new AssignmentReader(variables);
  if ("text" in read) reader.read(read.text);
  const known = [...reader.variables].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return new Map(known);
}

/** Variables that every shell has, with values that are not known here. */
const inherited = ["HOME", "HOSTNAME", "PATH", "PWD", "USER"];

/** Yes, no, or unknown. */
type Answer = boolean | undefined;

const not = (answer: Answer): Answer => (answer === undefined ? undefined : !answer);
const both = (one: Answer, other: Answer): Answer =>
  one === false || other === false ? false : one && other;
const either = (one: Answer, other: Answer): Answer => not(both(not(one), not(other)));

/** A compound command that has begun. */
interface Block {
  /** Whether what is around it runs. */
  readonly outer: Answer;
  /** Whether what comes now runs. */
  now: Answer;
  /** Whether a branch of it ran. */
  taken: Answer;
}

/** Keywords whose line is skipped, because what they do is not known. */
const unread: ReadonlySet<string> = new Set(["case", "for", "until", "while"]);

const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/;

class AssignmentReader {
  readonly variables: ShellVariables;
  readonly #blocks: Block[] = [];
  /** Whether the last command succeeded. */
  #status: Answer = true;

  constructor(variables: ShellVariables) {
    this.variables = variables;
  }

  read(text: string): void {
    let before = ";";
    for (const { words, end } of shellStatements(text)) {
      this.#readStatement(words, before);
      before = end;
    }
  }

  /** Whether what comes now runs. */
  get #runs(): Answer {
    const block = this.#blocks.at(-1);
    return block === undefined ? true : block.now;
  }

  #readStatement(words: readonly string[], before: string): void {
    const [first, ...rest] = words;
    if (first === undefined) return;
    if (!this.#readKeyword(first, before)) this.#readCommand(words, before);
    // What follows a keyword on its line is a command of its own.
    else if (!unread.has(first)) this.#readStatement(rest, ";");
  }

  /** Reads a keyword of the shell; `false` if the word is not one. */
  #readKeyword(word: string, before: string): boolean {
    const block = this.#blocks.at(-1);
    switch (word) {
      case "if":
        this.#begin(this.#runs);
        return true;
      case "then":
        if (block === undefined) return true;
        block.now = both(block.outer, both(this.#status, not(block.taken)));
        block.taken = either(block.taken, this.#status);
        return true;
      case "elif":
      case "else":
        if (block !== undefined) block.now = both(block.outer, not(block.taken));
        return true;
      case "case":
      case "for":
      case "until":
      case "while":
        this.#begin(both(this.#runs, undefined));
        return true;
      case "{":
        // The body of a function runs when it is called, if ever.
        this.#begin(before === ")" ? both(this.#runs, undefined) : this.#runs);
        return true;
      case "do":
        return true;
      case "done":
      case "esac":
      case "fi":
      case "}":
        this.#blocks.pop();
        return true;
    }
    return false;
  }

  #begin(now: Answer): void {
    this.#blocks.push({ outer: now, now, taken: false });
  }

  #readCommand(words: readonly string[], before: string): void {
    const isJoined = before === "&&" || before === "||";
    const depends = before === "&&" ? this.#status : before === "||" ? not(this.#status) : true;
    const runs = both(this.#runs, depends);
    if (runs === false) return;
    const status = this.#run(words, runs);
    // Where it is not known whether it ran, its result is not either.
    this.#status = isJoined && depends === undefined ? undefined : status;
  }

  #run(words: readonly string[], runs: true | undefined): Answer {
    const [first = "", ...rest] = words;
    if (words.every((word) => assignment.test(word))) return this.#assign(words, runs);
    switch (first) {
      case "export":
      case "readonly":
        return this.#assign(rest, runs);
      case "unset":
        for (const name of rest) {
          if (runs) this.variables.delete(name);
          else this.variables.set(name, undefined);
        }
        return true;
      case ":":
        // For the sake of ${NAME:=word}.
        for (const word of rest) this.#expand(word, runs);
        return true;
      case "true":
        return true;
      case "false":
        return false;
      case "!":
        return not(this.#run(rest, runs));
      case "[":
      case "[[":
        return this.#test(rest.slice(0, -1), runs);
      case "test":
        return this.#test(rest, runs);
    }
    return undefined;
  }

  #assign(words: readonly string[], runs: true | undefined): Answer {
    for (const word of words) {
      const [, name, value = ""] = assignment.exec(word) ?? [];
      if (name !== undefined) this.variables.set(name, this.#expand(value, runs));
    }
    return true;
  }

  /** Expands a word. If it is unknown whether it runs, the variables it sets become unknown. */
  #expand(word: string, runs: true | undefined): string | undefined {
    if (runs) return expandWord(word, this.variables);
    const before = new Map(this.variables);
    expandWord(word, before);
    for (const [name, value] of before) {
      if (this.variables.get(name) !== value) this.variables.set(name, undefined);
    }
    return undefined;
  }

  #test(words: readonly string[], runs: true | undefined): Answer {
    const [first, second, third, ...more] = words.map((word) => this.#expand(word, runs));
    if (words[0] === "!") return not(this.#test(words.slice(1), runs));
    if (more.length > 0) return undefined;
    switch (words.length) {
      case 1:
        return first === undefined ? undefined : first !== "";
      case 2:
        return second === undefined ? undefined : unary(first, second);
      case 3:
        if (first === undefined || third === undefined) return undefined;
        if (second === "=" || second === "==") return first === third;
        return second === "!=" ? first !== third : undefined;
    }
    return undefined;
  }
}

function unary(operator: string | undefined, value: string): Answer {
  const stats = () => (existsSync(value) ? statSync(value) : undefined);
  switch (operator) {
    case "-n":
      return value !== "";
    case "-z":
      return value === "";
    case "-e":
      return existsSync(value);
    case "-f":
      return stats()?.isFile() ?? false;
    case "-d":
      return stats()?.isDirectory() ?? false;
  }
  return undefined;
}
