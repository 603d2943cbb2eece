/** The keys that type no character. Any other key is the character that it types. */
export const Key = {
  Up: "up",
  Down: "down",
  Left: "left",
  Right: "right",
  PageUp: "page up",
  PageDown: "page down",
  Home: "home",
  End: "end",
  Enter: "enter",
  Escape: "escape",
  Backspace: "backspace",
  CtrlC: "ctrl-c",
  CtrlL: "ctrl-l",
} as const;

/** Bytes of one character. */
const controls: ReadonlyMap<string, string> = new Map([
  ["\r", Key.Enter],
  ["\n", Key.Enter],
  ["\x7f", Key.Backspace],
  ["\b", Key.Backspace],
  ["\x03", Key.CtrlC],
  ["\x0c", Key.CtrlL],
]);

/** What ends a sequence after `ESC [` or `ESC O`, by xterm, rxvt and the Linux console. */
const finals: ReadonlyMap<string, string> = new Map([
  ["A", Key.Up],
  ["B", Key.Down],
  ["C", Key.Right],
  ["D", Key.Left],
  ["H", Key.Home],
  ["F", Key.End],
  ["M", Key.Enter],
]);

/** The numbers of sequences such as `ESC [ 5 ~`. */
const numbers: ReadonlyMap<string, string> = new Map([
  ["1", Key.Home],
  ["4", Key.End],
  ["5", Key.PageUp],
  ["6", Key.PageDown],
  ["7", Key.Home],
  ["8", Key.End],
]);

const ESCAPE = "\x1b";
/** `ESC [`, parameters, and a final character (ECMA-48 §5.4); or `ESC O` and one (SS3). */
const SEQUENCE = /^\x1b(?:\[([0-?]*)[ -/]*([@-~])|O([@-~]))/;
/** The start of a sequence whose end has not come. */
const UNFINISHED = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/;
/** A longer start is no key. */
const LONGEST = 32;

/** Reads keys from the bytes of a terminal, which may split a sequence anywhere. */
export class KeyParser {
  readonly #decoder = new TextDecoder();
  #pending = "";

  /** Whether an Escape has come that may begin a sequence. {@link KeyParser.flush} decides. */
  get isPending(): boolean {
    return this.#pending !== "";
  }

  /** The keys that are complete. Sequences of no known key are dropped. */
  push(bytes: Uint8Array): string[] {
    const text = this.#pending + this.#decoder.decode(bytes, { stream: true });
    this.#pending = "";
    const keys: string[] = [];
    for (let at = 0; at < text.length; ) {
      const rest = text.slice(at, at + LONGEST);
      if (UNFINISHED.test(rest) && at + rest.length === text.length) {
        this.#pending = rest;
        break;
      }
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        at += sequence[0].length;
        const key = keyOf(sequence);
        if (key !== undefined) keys.push(key);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(at) as number);
      at += character.length;
      const key = character === ESCAPE ? Key.Escape : controls.get(character);
      if (key !== undefined) keys.push(key);
      else if (character >= " ") keys.push(character);
    }
    return keys;
  }

  /** Ends the wait for the rest of a sequence: the Escape was a key. */
  flush(): string[] {
    const keys = this.#pending === "" ? [] : [Key.Escape];
    this.#pending = "";
    return keys;
  }
}

function keyOf([, parameters = "", final, single]: RegExpExecArray): string | undefined {
  if (single !== undefined) return finals.get(single);
  if (final !== "~") return finals.get(final ?? "");
  // `5;2~` is the same key with Shift.
  return numbers.get(parameters.split(";")[0] ?? "");
}
