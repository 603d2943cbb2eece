import type { TappedRequest } from "../../tap/tapped-request.js";
import { counted } from "../../terminal/units.js";
import type { Io } from "../io.js";
import { warningLine } from "../report-error.js";
import { requestLines } from "./tap.js";

/** Milliseconds for which lines are collected and then written at once. */
const PACE = 50;
/** Bytes that may wait for the reader of the output. Further lines are dropped and counted. */
const MAX_WAITING = 1_048_576;
/** Milliseconds within which a note that repeats the last one is only counted. */
const REPEAT = 5_000;

/** Writes what a tap reports. A reader that does not read must not delay the bytes of the tap. */
export class TapOutput {
  readonly #io: Io;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #lastNote = { kind: "", time: 0, repeated: 0 };

  constructor(io: Io) {
    this.#io = io;
    for (const output of [io.stdout, io.stderr]) output.neverWait();
    io.stdout.onFailure(({ message }) => this.note(`nothing more is shown: ${message}`));
  }

  /** Writes the first line, to standard error. */
  begin(text: string): void {
    this.#io.stderr.writeAtOnce(`${text}\n`, MAX_WAITING);
  }

  request(request: TappedRequest): void {
    this.lines(requestLines(request, this.#io.stdout.style));
  }

  /** Writes lines to standard output, a moment later. */
  lines(lines: readonly string[]): void {
    this.#lines.push(...lines);
    this.#timer ??= setTimeout(() => this.#flush(), PACE);
  }

  /** Writes a line to standard error, unless it repeats the last one. */
  note(text: string): void {
    // A backend that is down refuses each connection, of which only the number differs.
    const kind = text.replace(/\d+/, "");
    const now = performance.now();
    const last = this.#lastNote;
    if (kind === last.kind && now - last.time < REPEAT) {
      last.repeated++;
      return;
    }
    this.#repeated();
    this.#lastNote = { kind, time: now, repeated: 0 };
    this.#write(text);
  }

  /** Writes what is left, and some last lines. It waits for no reader. */
  end(last: readonly string[]): void {
    this.#flush();
    // Whatever waits before it: the table is what is left of all lines.
    if (last.length > 0)
      this.#io.stdout.writeAtOnce(`${last.join("\n")}\n`, Number.POSITIVE_INFINITY);
    this.#repeated();
    if (this.#dropped === 0) return;
    const lines = counted(this.#dropped, "line was", "lines were");
    this.#write(`${lines} dropped, because the output was not read`);
  }

  #repeated(): void {
    const { repeated } = this.#lastNote;
    if (repeated > 0)
      this.#write(`the last line was repeated ${counted(repeated, "time", "times")}`);
    this.#lastNote.repeated = 0;
  }

  #write(text: string): void {
    const { stderr } = this.#io;
    stderr.writeAtOnce(`${warningLine(text, this.#io)}\n`, MAX_WAITING);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    const isWritten = this.#io.stdout.writeAtOnce(`${lines.join("\n")}\n`, MAX_WAITING);
    if (!isWritten) this.#dropped += lines.length;
  }
}
