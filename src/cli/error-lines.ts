import { latin1, latin1Bytes, utf8 } from "../bytes.js";
import type { Io } from "./io.js";
import { visibleLines } from "./terminal/text.js";

/** A longer line is written in pieces. */
const MAX_LINE = 65_536;
/** Milliseconds that the rest of a line is waited for. */
const PAUSE = 200;
/** What php-fpm writes between two messages, in place of a line's end. */
const separator = /; (?=PHP message: )/g;

/**
 * Writes what an application says on its error stream: all of it, as it comes, and each message on
 * a line of its own.
 */
export class ErrorLines {
  readonly #io: Io;
  /** The start of a line, as ISO-8859-1. */
  #line = "";
  /** The line before was ended by us. */
  #cut = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Takes the next bytes, and writes the lines that end in them. */
  async push(bytes: Uint8Array): Promise<void> {
    clearTimeout(this.#timer);
    let text = this.#line + latin1(bytes);
    if (this.#cut && this.#line === "") text = text.replace(/^; (?=PHP message: )|^\n/, "");
    text = text.replace(separator, "\n");
    const end = text.length > MAX_LINE ? text.length : text.lastIndexOf("\n") + 1;
    this.#line = text.slice(end);
    if (end > 0) this.#cut = false;
    if (this.#line !== "") this.#timer = setTimeout(() => void this.end(), PAUSE);
    await this.#write(text.slice(0, end));
  }

  /** Writes a line that has no end, and ends it. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    const line = this.#line;
    this.#line = "";
    if (line === "") return;
    this.#cut = true;
    await this.#write(`${line}\n`);
  }

  async #write(text: string): Promise<void> {
    if (text === "") return;
    const bytes = latin1Bytes(text);
    const { stdout, stderr } = this.#io;
    if (!stderr.isTerminal) {
      await stderr.write(bytes);
      return;
    }
    await stdout.endLine();
    await stderr.write(visibleLines(utf8(bytes)));
  }
}
