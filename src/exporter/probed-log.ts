import type { LogListener, LogRecord } from "./settings.js";

/** Milliseconds in which so many records are written. */
const PERIOD = 60_000;
const MOST_RECORDS = 50;

/**
 * Logs the changes of targets that only `/probe` reads, at most 50 a minute; a line counts the others.
 * Whoever asks for ever new targets cannot fill the disk with the log.
 */
export class ProbedLog {
  readonly #log: LogListener;
  #timer: NodeJS.Timeout | undefined;
  #written = 0;
  #dropped = 0;

  constructor(log: LogListener) {
    this.#log = log;
  }

  readonly write: LogListener = (record: LogRecord): void => {
    this.#timer ??= setTimeout(() => this.#begin(), PERIOD).unref();
    if (this.#written === MOST_RECORDS) {
      this.#dropped++;
      return;
    }
    this.#written++;
    this.#log(record);
  };

  /** Writes no further line. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #begin(): void {
    this.#timer = undefined;
    this.#written = 0;
    if (this.#dropped === 0) return;
    const message = "more targets of /probe have changed";
    this.#log({ level: "warn", message, changes: this.#dropped });
    this.#dropped = 0;
  }
}
