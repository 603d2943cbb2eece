import type { LogListener } from "../settings.js";

/** Milliseconds from one line to the next. */
const PAUSE = 60_000;

/** What a line is about. */
interface Refusal {
  /** The target, without a password. */
  readonly target: string;
  /** Why it was refused. */
  readonly error: string;
}

/**
 * Logs refused targets of `/probe`: the first at once, then a line a minute at the most, which counts
 * those since the last one. Whoever asks for targets cannot fill the disk with the log.
 */
export class RefusalLog {
  readonly #log: LogListener;
  #timer: NodeJS.Timeout | undefined;
  /** The last refusal without a line, and how many there are. */
  #last: Refusal | undefined;
  #count = 0;

  constructor(log: LogListener) {
    this.#log = log;
  }

  add(refusal: Refusal): void {
    this.#last = refusal;
    this.#count++;
    if (this.#timer === undefined) this.#write();
  }

  /** Writes no further line. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #write(): void {
    this.#timer = undefined;
    if (this.#last === undefined) return;
    const refused = this.#count;
    this.#log({ level: "warn", message: "refused to probe", ...this.#last, refused });
    this.#last = undefined;
    this.#count = 0;
    this.#timer = setTimeout(() => this.#write(), PAUSE);
    this.#timer.unref();
  }
}
