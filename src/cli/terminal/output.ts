import { once } from "node:events";
import type { Writable } from "node:stream";
import { type Style, styleFor } from "./style.js";

/** A stream that may be a terminal. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** Where the command writes. */
export class Output {
  /** What became of the stream: `EPIPE` when the reader has left, as `head` does. */
  error: NodeJS.ErrnoException | undefined;
  readonly style: Style;
  readonly #stream: OutputStream;
  /** Something was written that did not end its line. */
  #inLine = false;

  /** @param onError called once, when the stream takes no more */
  constructor(stream: OutputStream, env: NodeJS.ProcessEnv, onError: () => void = () => {}) {
    this.#stream = stream;
    this.style = styleFor(this.isTerminal, env);
    stream.on("error", (error) => {
      if (this.error !== undefined) return;
      this.error = error;
      onError();
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Cells of a line of the terminal; undefined when it is none: nothing needs to be cut. */
  get columns(): number | undefined {
    return this.isTerminal ? (this.#stream.columns ?? 80) : undefined;
  }

  /** Lines of the terminal. */
  get rows(): number {
    return this.#stream.rows ?? 24;
  }

  /** Writes, and settles when more may follow: a slow reader slows us. */
  async write(content: string | Uint8Array): Promise<void> {
    if (content.length === 0) return;
    this.#inLine = !endsLine(content);
    if (this.error !== undefined || this.#stream.write(content)) return;
    // An error has been noted by the handler above, and ends the waiting too.
    await once(this.#stream, "drain").catch(() => {});
  }

  /** Writes lines, each with its end, and none behind the rest of something else. */
  async writeLines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${this.#inLine ? "\n" : ""}${lines.join("\n")}\n`);
  }

  /** Ends a line that is not ended, on a terminal: what follows is not ours. */
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
