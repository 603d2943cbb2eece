import { closeSync, constants, openSync, writeSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";
import { writeToStandardError } from "../server/error-log.js";

/** Milliseconds that the first lines of a start are held back from standard error. */
const HOLD = 1_000;

export type LogLevel = "NOTICE" | "WARNING" | "ERROR";

/**
 * A pool's log, in PHP-FPM's form: `[21-Nov-2026 07:50:00] NOTICE: [pool app] child 12 started`.
 * If it cannot be written, because the disk is full, its lines are lost and the pool goes on.
 */
export class PoolLog {
  readonly #name: string;
  readonly #target: string | ((line: string) => void) | undefined;
  #descriptor: number | undefined;
  /** The number of lines lost since the last one that was written. */
  #lost = 0;
  /** Lines that wait for the start to succeed. */
  #held: string[] | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #isDropped = false;

  /** @throws GatewayError `bad_input` when the file cannot be opened */
  constructor(name: string, target: string | ((line: string) => void) | undefined) {
    this.#name = name;
    this.#target = target;
    this.reopen();
  }

  /**
   * Holds back the lines for standard error during the first second of a start. If the application
   * cannot be loaded, the user then reads one line that says so and nothing else.
   */
  hold(): void {
    if (this.#target !== undefined) return;
    this.#held = [];
    this.#holdTimer = setTimeout(() => this.release(), HOLD);
  }

  /** Writes the lines that were held back. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    clearTimeout(this.#holdTimer);
    for (const line of held) writeToStandardError(line);
  }

  /** Drops the lines that were held back and all further ones. Has no effect after {@link release}. */
  drop(): void {
    if (this.#held === undefined) return;
    this.#isDropped = true;
    this.#held = [];
  }

  /** Whether the output of workers is written to this log. */
  get takesOutput(): boolean {
    return this.#target !== undefined;
  }

  /**
   * Opens the file again, after it was moved away.
   *
   * @throws GatewayError `bad_input` if that fails. The old file is then still written to
   */
  reopen(): void {
    if (typeof this.#target !== "string") return;
    const descriptor = openLog(this.#target);
    this.close();
    this.#descriptor = descriptor;
  }

  close(): void {
    this.release();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  write(level: LogLevel, message: string): void {
    const line = this.#line(level, message);
    if (this.#target === undefined) {
      if (this.#isDropped) return;
      if (this.#held === undefined) writeToStandardError(`${line}\n`);
      else this.#held.push(`${line}\n`);
      return;
    }
    try {
      if (this.#lost > 0) this.#put(this.#line("WARNING", `${this.#lost} lines were lost here`));
      this.#put(line);
      this.#lost = 0;
    } catch (error) {
      this.#lost += 1;
      if (this.#lost > 1) return;
      const reason = `the log cannot be written, lines are lost: ${(error as Error).message}`;
      writeToStandardError(`${this.#line("ERROR", reason)}\n`);
    }
  }

  notice(message: string): void {
    this.write("NOTICE", message);
  }

  warning(message: string): void {
    this.write("WARNING", message);
  }

  error(message: string): void {
    this.write("ERROR", message);
  }

  #line(level: LogLevel, message: string): string {
    return `[${logTime()}] ${level}: [pool ${this.#name}] ${message}`;
  }

  /** Writes a line. After the pool has ended, the file is closed and lines are dropped. */
  #put(line: string): void {
    if (typeof this.#target === "function") this.#target(line);
    else if (this.#descriptor !== undefined) writeWhole(this.#descriptor, `${line}\n`);
  }
}

function openLog(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  try {
    // Non-blocking: opening a pipe that no process reads would block the master.
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
  } catch (cause) {
    const message = `cannot open the log: ${(cause as Error).message}`;
    throw new GatewayError(ErrorCode.BadInput, message, {
      cause,
      hint: "the folder must exist, and this user must be allowed to write there",
    });
  }
}

/** A disk that is almost full takes the beginning of a line. The rest then throws. */
function writeWhole(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A date in the form of PHP-FPM's logs: `21-Nov-2026 07:50:00`, in local time. */
export function logTime(date = new Date()): string {
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = `${two(date.getDate())}-${months[date.getMonth()]}-${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
