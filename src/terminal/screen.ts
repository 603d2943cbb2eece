import type { Readable } from "node:stream";
import type { Output } from "./output.js";

/** The alternate screen, without a cursor, and with long lines cut instead of wrapped. */
const OPEN = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const CLOSE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
/** Written before a line. After a line as wide as the terminal, it would clear the last cell. */
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

const CTRL_C = "\x03";
const ESCAPE = "\x1b";

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
  /** The user has pressed q or Escape. */
  quit(): void;
  /** The size of the terminal has changed. */
  resize(): void;
}

/** A terminal that is painted as a whole. Closing restores what it showed before. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #events: ScreenEvents;
  #stopResize: (() => void) | undefined;
  readonly #onKey = (key: Buffer): void => {
    const text = key.toString("latin1");
    if (text.includes(CTRL_C)) this.#terminal.interrupt();
    else if (text === "q" || text === "Q" || text === ESCAPE) this.#events.quit();
  };
  /** Restores the terminal even if an error ends the process. */
  readonly #onExit = (): void => this.close();

  constructor(terminal: Terminal, events: ScreenEvents) {
    this.#terminal = terminal;
    this.#events = events;
  }

  open(): void {
    const { stdin, stdout } = this.#terminal;
    void stdout.write(OPEN);
    process.on("exit", this.#onExit);
    this.#stopResize = stdout.onResize(this.#events.resize);
    if (stdin.isTTY !== true) return;
    stdin.setRawMode?.(true);
    stdin.on("data", this.#onKey);
  }

  /** Paints lines from the top. If there are too many, the last line counts the rest. */
  async paint(lines: readonly string[]): Promise<void> {
    const { stdout } = this.#terminal;
    if (this.#stopResize === undefined) return;
    const { rows } = stdout;
    const shown = lines.length <= rows ? lines : lines.slice(0, Math.max(0, rows - 1));
    const rest = lines.length - shown.length;
    const all = rest === 0 ? shown : [...shown, stdout.style.faint(`… ${rest} more lines`)];
    const text = all.map((line) => CLEAR_LINE + line).join("\r\n");
    const below = all.length < rows ? `\r\n${CLEAR_BELOW}` : "";
    await stdout.write(HOME + text + below);
  }

  /** Restores the terminal. May be called more than once. */
  close(): void {
    if (this.#stopResize === undefined) return;
    const { stdin, stdout } = this.#terminal;
    process.off("exit", this.#onExit);
    this.#stopResize();
    this.#stopResize = undefined;
    void stdout.write(CLOSE);
    if (stdin.isTTY !== true) return;
    stdin.off("data", this.#onKey);
    stdin.setRawMode?.(false);
    stdin.pause();
  }
}
