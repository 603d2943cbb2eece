/** A text of the configuration, and what it depends on. */
export interface IniText {
  readonly text: string;
  /** The variables and constants whose values are unknown: `${NAME}`, `PHP_OS`. */
  readonly dependsOn: readonly string[];
}

/** What a line says. */
export type IniStatement =
  | { readonly kind: "section"; readonly name: IniText }
  | { readonly kind: "entry"; readonly key: string; readonly value: IniText | undefined }
  | {
      readonly kind: "item";
      readonly key: string;
      readonly index: string;
      readonly value: IniText;
    };

/** The value of `${NAME}`; `undefined` where it is not known. */
export type LookUp = (name: string) => string | undefined;

/** Refuses the line. */
export type Refuse = (why: string) => never;

const LABEL = /[^=\n\r\t;&|^$~(){}!"[\]\0]+/y;
const BLANKS = /[ \t]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const END_OF_LINE = /[ \t]*(?:;[^\r\n]*)?(?:\r\n|\r|\n|$)/y;
const WORD = /(?:[^$= \t\n\r;&|^~()!"'\0]|\$\\[\s\S]|\$[^{\0])+/y;
const NAME = /(?:[^$\n\r;"'\]\\]|\\[\s\S]|\$\\[\s\S]|\$[^{\0])+/y;
const SINGLE_QUOTED = /'([^']+)'/y;
const QUOTE = /[ \t]*"/y;
const VARIABLE = /\$\{([^=\n\r\t;&|^$~(){}!"[\]\0]+)\}/y;
const OPERATOR = /([&|^~()!])[ \t]*/y;
/** Constants of PHP. Their values depend on the version and the machine. */
const CONSTANT = /^(?:E|PHP|LOG|PEAR|ZEND|DEBUG)_[A-Z0-9_]+$|^DIRECTORY_SEPARATOR$/;
const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ["true", "1"],
  ["on", "1"],
  ["yes", "1"],
  ["false", ""],
  ["off", ""],
  ["no", ""],
  ["none", ""],
  ["null", ""],
]);

/**
 * Reads one line as PHP's reader of INI files does for php-fpm: line by line, so that no value
 * continues on the next one. `#` begins no comment.
 *
 * @param lookUp gives the values of variables
 * @param refuse throws where php-fpm refuses the line
 */
export function readIniLine(line: string, lookUp: LookUp, refuse: Refuse): IniStatement[] {
  // To php-fpm the line ends at a NUL.
  return new LineReader(`${line}\n`.replace(/\0[\s\S]*/, ""), lookUp, refuse).statements();
}

class LineReader {
  readonly #text: string;
  readonly #lookUp: LookUp;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(text: string, lookUp: LookUp, refuse: Refuse) {
    this.#text = text;
    this.#lookUp = lookUp;
    this.#refuse = refuse;
  }

  statements(): IniStatement[] {
    const statements: IniStatement[] = [];
    while (this.#at < this.#text.length) {
      if (this.#match(END_OF_LINE) !== undefined) continue;
      this.#match(BLANKS);
      if (this.#text[this.#at] === "[") statements.push(this.#section());
      else statements.push(this.#entry());
    }
    return statements;
  }

  #section(): IniStatement {
    this.#at++;
    const name = this.#bracketed();
    this.#match(BLANKS);
    return { kind: "section", name };
  }

  #entry(): IniStatement {
    const key = this.#match(LABEL)?.[0].trim() ?? this.#unexpected();
    if (KEYWORDS.has(key.toLowerCase())) this.#refuse(`syntax error, unexpected "${key}"`);
    if (this.#text[this.#at] !== "[") {
      const hasValue = this.#match(EQUALS) !== undefined;
      return { kind: "entry", key, value: hasValue ? this.#value() : undefined };
    }
    this.#at++;
    this.#match(BLANKS);
    const index = this.#bracketed();
    if (this.#match(EQUALS) === undefined) this.#unexpected();
    return { kind: "item", key, index: index.text, value: this.#value() };
  }

  /** The text up to `]`. */
  #bracketed(): IniText {
    const parts = new Parts();
    while (this.#text[this.#at] !== "]") {
      if (!this.#part(parts)) {
        const text = this.#match(NAME)?.[0] ?? this.#unexpected();
        parts.add(text);
      }
    }
    this.#at++;
    return parts.end();
  }

  #value(): IniText {
    const word = this.#keyword();
    if (word !== undefined) return plain(word);
    return this.#isEnd() ? plain("") : this.#expression();
  }

  /** The value of a keyword, which is one only where nothing follows it directly. */
  #keyword(): string | undefined {
    const value = KEYWORDS.get(this.#peek(WORD)?.toLowerCase() ?? "");
    if (value === undefined) return undefined;
    this.#match(WORD);
    if (!this.#isEnd()) this.#unexpected();
    return value;
  }

  /** Integers can be joined by `|`, `&` and `^`, which bind equally. */
  #expression(): IniText {
    let left = this.#operand();
    for (;;) {
      const operator = this.#peek(OPERATOR)?.[0];
      if (operator !== "|" && operator !== "&" && operator !== "^") return left;
      this.#match(OPERATOR);
      const right = this.#operand();
      const [one, other] = [integerOf(left), integerOf(right)];
      const result = operator === "|" ? one | other : operator === "&" ? one & other : one ^ other;
      left = { text: `${result}`, dependsOn: [...left.dependsOn, ...right.dependsOn] };
    }
  }

  #operand(): IniText {
    const operator = this.#peek(OPERATOR)?.[0];
    if (operator === undefined) return this.#string();
    this.#match(OPERATOR);
    if (operator === "(") {
      const inner = this.#expression();
      if (this.#match(OPERATOR)?.[1] !== ")") this.#unexpected();
      return inner;
    }
    if (operator !== "~" && operator !== "!") this.#unexpected();
    const { text, dependsOn } = this.#operand();
    const operand = integerOf({ text, dependsOn });
    return { text: `${operator === "~" ? ~operand : Number(operand === 0)}`, dependsOn };
  }

  /** Words, quoted texts and variables, joined without what separates them from quotes. */
  #string(): IniText {
    const parts = new Parts();
    while (!this.#isEnd() && this.#peek(OPERATOR) === undefined) {
      if (this.#part(parts)) continue;
      const blanks = this.#match(/[ \t]+/y)?.[0];
      const word = blanks ?? this.#match(WORD)?.[0];
      if (word === undefined) {
        if (this.#text[this.#at] !== "'" || parts.isEmpty) this.#unexpected();
        // A quote that none closes ends the line for php-fpm, and an empty pair ends the value.
        const isPair = this.#text[this.#at + 1] === "'";
        this.#at = isPair ? this.#at + 1 : this.#text.length;
        return parts.end();
      }
      if (KEYWORDS.has(word.toLowerCase())) this.#refuse(`syntax error, unexpected "${word}"`);
      if (CONSTANT.test(word)) parts.dependOn(word, word);
      // A dollar takes the end of the line with it.
      else parts.add(blanks ?? word.replace(/[ \t\r\n]+$/, ""));
    }
    if (parts.isEmpty) this.#unexpected();
    return parts.end();
  }

  /** Reads a quoted text or a variable. */
  #part(parts: Parts): boolean {
    const raw = this.#match(SINGLE_QUOTED)?.[1];
    if (raw !== undefined) parts.add(raw);
    else if (this.#text.startsWith("${", this.#at)) this.#variable(parts);
    else if (this.#match(QUOTE) !== undefined) this.#quoted(parts);
    else return false;
    return true;
  }

  #variable(parts: Parts): void {
    const name = this.#match(VARIABLE)?.[1]?.trim() ?? this.#unexpected();
    const value = this.#lookUp(name);
    if (value === undefined) parts.dependOn(`\${${name}}`, `\${${name}}`);
    else parts.add(value);
  }

  #quoted(parts: Parts): void {
    parts.add(""); // Empty quotes are a value, too.
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) this.#refuse("syntax error, a double quote is not closed");
      if (character === '"') break;
      if (this.#text.startsWith("${", this.#at)) {
        this.#variable(parts);
        continue;
      }
      this.#at++;
      const escaped = character === "\\" ? this.#text[this.#at] : undefined;
      const isEscape = escaped === '"' || escaped === "\\" || escaped === "'";
      const isLast = escaped === '"' && /^[\r\n]/.test(this.#text.slice(this.#at + 1));
      if (isEscape && !isLast) {
        parts.add(escaped);
        this.#at++;
      } else parts.add(character);
    }
    this.#at++;
    this.#match(BLANKS);
  }

  #isEnd(): boolean {
    return this.#peek(END_OF_LINE) !== undefined;
  }

  #unexpected(): never {
    const character = this.#text[this.#at];
    const what = character === undefined || character === "\n" ? "end of line" : `"${character}"`;
    return this.#refuse(`syntax error, unexpected ${what}`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }
}

/** Collects the parts of a text. */
class Parts {
  #text = "";
  readonly #dependsOn: string[] = [];
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(text: string): void {
    this.#text += text;
    this.#count++;
  }

  dependOn(name: string, text: string): void {
    this.#text += text;
    this.#count++;
    this.#dependsOn.push(name);
  }

  end(): IniText {
    return { text: this.#text, dependsOn: this.#dependsOn };
  }
}

const plain = (text: string): IniText => ({ text, dependsOn: [] });

/** The number at the start of a text, as C's `atoi` reads it; 0 without one. */
export function leadingInteger(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d{1,19})/.exec(text)?.[1];
  return digits === undefined ? 0 : Number(BigInt.asIntN(32, BigInt(digits)));
}

const integerOf = ({ text }: IniText): number => leadingInteger(text);
