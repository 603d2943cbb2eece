import { once } from "node:events";
import type { Writable } from "node:stream";
import { writeWithoutWaiting } from "../transport/node-internals.js";
import { type ColorChoice, type Style, styleFor } from "./style.js";

/** A stream that may be a terminal. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** A stream that the command writes to. */
export class Output {
  /** The error that ended the stream: `EPIPE` when the reader has closed it, as `head` does. */
  error: NodeJS.ErrnoException | undefined;
  readonly #stream: OutputStream;
  readonly #env: NodeJS.ProcessEnv;
  #style: Style;
  #onError: (error: Error) => void;
  /** Whether the last line written has no end yet. */
  #inLine = false;

  /** @param onError called once, when the stream fails */
  constructor(stream: OutputStream, env: NodeJS.ProcessEnv, onError: () => void = () => {}) {
    this.#stream = stream;
    this.#env = env;
    this.#onError = onError;
    this.#style = styleFor(this.isTerminal, env);
    stream.on("error", (error) => {
      if (this.error !== undefined) return;
      this.error = error;
      this.#onError(error);
    });
  }

  /** Calls back when the stream fails, which then does not end the command. */
  onFailure(callback: (error: Error) => void): void {
    this.#onError = callback;
  }

  get style(): Style {
    return this.#style;
  }

  /** Chooses whether the stream has colours. Without a call, it is `auto`. */
  chooseColor(choice: ColorChoice): void {
    this.#style = styleFor(this.isTerminal, this.#env, choice);
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /**
   * The width of the terminal in cells; undefined for any other stream, whose lines are not cut.
   */
  get columns(): number | undefined {
    return this.isTerminal ? (this.#stream.columns ?? 80) : undefined;
  }

  /** The height of the terminal in lines. */
  get rows(): number {
    return this.#stream.rows ?? 24;
  }

  /** Lets no write wait for a terminal that takes nothing, as after Ctrl-S. */
  neverWait(): void {
    if (this.isTerminal) writeWithoutWaiting(this.#stream);
  }

  /**
   * Writes without waiting, unless the stream already holds more than `limit` bytes that its reader
   * has not taken.
   *
   * @returns whether it was written
   */
  writeAtOnce(content: string, limit: number): boolean {
    if (this.error !== undefined || this.#stream.writableLength > limit) return false;
    this.#inLine = !endsLine(content);
    this.#stream.write(content);
    return true;
  }

  /** Writes, and settles when the stream accepts more, so that a slow reader slows the command. */
  async write(content: string | Uint8Array): Promise<void> {
    if (content.length === 0) return;
    this.#inLine = !endsLine(content);
    if (this.error !== undefined || this.#stream.write(content)) return;
    // The handler above keeps the error; it also ends this wait.
    await once(this.#stream, "drain").catch(() => {});
  }

  /** Writes whole lines, and first ends the current line, if it has no end yet. */
  async writeLines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${this.#inLine ? "\n" : ""}${lines.join("\n")}\n`);
  }

  /** On a terminal, ends the current line, because another stream writes next. */
  async endLine(): Promise<void> {
    if (this.isTerminal && this.#inLine) await this.write("\n");
  }

  /** Calls back when the terminal's size changes, until the returned function is called. */
  onResize(callback: () => void): () => void {
    this.#stream.on("resize", callback);
    return () => void this.#stream.off("resize", callback);
  }
}

function endsLine(content: string | Uint8Array): boolean {
  return typeof content === "string" ? content.endsWith("\n") : content.at(-1) === 0x0a;
}
