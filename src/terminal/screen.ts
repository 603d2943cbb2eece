import type { Readable } from "node:stream";
import { Key, KeyParser } from "./keys.js";
import type { Output } from "./output.js";

/** The alternate screen, without a cursor, and with long lines cut instead of wrapped. */
const OPEN = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const CLOSE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const CLEAR = "\x1b[2J";
/** Written before a line. After a line as wide as the terminal, it would clear the last cell. */
const CLEAR_LINE = "\x1b[K";
/** A terminal that has not taken this many bytes gets no further frame for now. */
const MAX_PENDING = 65_536;
/** Milliseconds in which the rest of a key's sequence comes. */
const ESCAPE_TIME = 50;

/** A stream that may be a terminal. */
export type InputStream = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** The two sides of a terminal. */
export interface Terminal {
  readonly stdin: InputStream;
  readonly stdout: Output;
  /** Ends the command, as Ctrl-C does. */
  interrupt(): void;
}

export interface ScreenEvents {
  /** A key was pressed: one of `Key`, or the character that it types. */
  key(key: string): void;
  /** All lines have to be painted again: the size of the terminal has changed. */
  resize(): void;
}

/**
 * A terminal that is painted as a whole. Only lines that differ from those it shows are written.
 * Closing restores what it showed before.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #events: ScreenEvents;
  readonly #keys = new KeyParser();
  #escapeTimer: NodeJS.Timeout | undefined;
  #stopResize: (() => void) | undefined;
  /** The lines that the terminal shows; `undefined` if that is not known. */
  #shown: readonly string[] | undefined;
  /** Restores the terminal even if an error ends the process. */
  readonly #onExit = (): void => this.close();
  /** The terminal is gone. A screen on which nothing changes writes nothing that could fail. */
  readonly #onEnd = (): void => this.#terminal.interrupt();

  constructor(terminal: Terminal, events: ScreenEvents) {
    this.#terminal = terminal;
    this.#events = events;
  }

  /** Lines and cells of the terminal. */
  get size(): { rows: number; columns: number } {
    const { rows, columns = 80 } = this.#terminal.stdout;
    return { rows, columns };
  }

  open(): void {
    const { stdin, stdout } = this.#terminal;
    void stdout.write(OPEN);
    process.on("exit", this.#onExit);
    this.#stopResize = stdout.onResize(() => this.#repaint());
    if (stdin.isTTY !== true) return;
    stdin.setRawMode?.(true);
    stdin.on("data", this.#onData);
    stdin.once("end", this.#onEnd);
  }

  /**
   * Shows lines from the top, as many as the terminal has. Lines are not longer than the terminal is
   * wide.
   *
   * @returns false if the terminal has not taken earlier frames yet: paint again later
   */
  paint(lines: readonly string[]): boolean {
    const { stdout } = this.#terminal;
    if (this.#stopResize === undefined) return true;
    const wanted = Array.from({ length: stdout.rows }, (_, row) => lines[row] ?? "");
    const changes = wanted.map((line, row) =>
      line === (this.#shown?.[row] ?? "") ? "" : `\x1b[${row + 1};1H${CLEAR_LINE}${line}`,
    );
    const frame = (this.#shown === undefined ? CLEAR : "") + changes.join("");
    if (frame !== "" && !stdout.writeAtOnce(frame, MAX_PENDING)) return false;
    this.#shown = wanted;
    return true;
  }

  /** Restores the terminal. May be called more than once. */
  close(): void {
    if (this.#stopResize === undefined) return;
    const { stdin, stdout } = this.#terminal;
    process.off("exit", this.#onExit);
    clearTimeout(this.#escapeTimer);
    this.#stopResize();
    this.#stopResize = undefined;
    void stdout.write(CLOSE);
    if (stdin.isTTY !== true) return;
    stdin.off("data", this.#onData);
    stdin.off("end", this.#onEnd);
    stdin.setRawMode?.(false);
    stdin.pause();
  }

  #repaint(): void {
    this.#shown = undefined;
    this.#events.resize();
  }

  readonly #onData = (bytes: Buffer): void => {
    clearTimeout(this.#escapeTimer);
    for (const key of this.#keys.push(bytes)) this.#press(key);
    if (!this.#keys.isPending) return;
    this.#escapeTimer = setTimeout(() => {
      for (const key of this.#keys.flush()) this.#press(key);
    }, ESCAPE_TIME);
  };

  #press(key: string): void {
    if (this.#stopResize === undefined) return;
    if (key === Key.CtrlC) this.#terminal.interrupt();
    else if (key === Key.CtrlL) this.#repaint();
    else this.#events.key(key);
  }
}
