import { closeSync, constants, openSync, writeSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";
import { writeToStandardError } from "../server/error-log.js";

/** Milliseconds that standard error waits for the first lines of a start. */
const HOLD = 1_000;

export type LogLevel = "NOTICE" | "WARNING" | "ERROR";

/**
 * A pool's log, in PHP-FPM's form: `[21-Nov-2026 07:50:00] NOTICE: [pool app] child 12 started`.
 * One that cannot be written, because the disk is full, costs its lines, and nothing else.
 */
export class PoolLog {
  readonly #name: string;
  readonly #target: string | ((line: string) => void) | undefined;
  #descriptor: number | undefined;
  /** Lines that could not be written since the last one that could. */
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
   * Keeps lines from standard error for the first second of a start. Where the application cannot be
   * loaded, one line that says so is all that a person has to read.
   */
  hold(): void {
    if (this.#target !== undefined) return;
    this.#held = [];
    this.#holdTimer = setTimeout(() => this.release(), HOLD);
  }

  /** Writes the lines that were kept. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    clearTimeout(this.#holdTimer);
    for (const line of held) writeToStandardError(line);
  }

  /** Drops the lines that were kept, and those that follow. Has no effect after {@link release}. */
  drop(): void {
    if (this.#held === undefined) return;
    this.#isDropped = true;
    this.#held = [];
  }

  /** True when the workers' own output belongs in here. */
  get takesOutput(): boolean {
    return this.#target !== undefined;
  }

  /**
   * Opens the file again, which has been moved away.
   *
   * @throws GatewayError `bad_input` when that fails: the old one is written on
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

  /** Nothing is left to write to when the pool has ended. */
  #put(line: string): void {
    if (typeof this.#target === "function") this.#target(line);
    else if (this.#descriptor !== undefined) writeWhole(this.#descriptor, `${line}\n`);
  }
}

function openLog(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  try {
    // A pipe that no process reads must not keep the master from everything else.
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
  } catch (cause) {
    const message = `cannot open the log: ${(cause as Error).message}`;
    throw new GatewayError(ErrorCode.BadInput, message, {
      cause,
      hint: "its folder has to exist, and this user has to be allowed to write there",
    });
  }
}

/** A disk that is almost full takes the beginning of a line: the rest fails. */
function writeWhole(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The moment as PHP-FPM's logs have it: `21-Nov-2026 07:50:00`, in local time. */
export function logTime(date = new Date()): string {
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = `${two(date.getDate())}-${months[date.getMonth()]}-${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
