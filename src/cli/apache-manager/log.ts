import { spawn } from "node:child_process";
import type { Io } from "../io.js";
import { visible } from "../terminal/text.js";

/** From the most talkative on. */
const levels = ["DEBUG", "VERBOSE", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"] as const;
export type Severity = (typeof levels)[number];

export interface LogOrigin {
  readonly host: string;
  readonly pid: number;
  now(): Date;
  /** Takes what is NOTICE or worse to the system's log. */
  systemLog(line: string): Promise<void>;
}

/**
 * Lines on standard error: `2026-11-20 18:24:54 host apache_manager[44] INFO text`. From NOTICE on,
 * whatever the verbosity, they stand in the system's log too.
 */
export class Log {
  readonly #io: Io;
  readonly #origin: LogOrigin;
  readonly #least: number;

  /** @param verbosity each step shows one level more than INFO, or one less */
  constructor(io: Io, origin: LogOrigin, verbosity: number) {
    this.#io = io;
    this.#origin = origin;
    this.#least = levels.indexOf("INFO") - verbosity;
  }

  async write(level: Severity, text: string): Promise<void> {
    const line = `${level} ${visible(text)}`;
    const severity = levels.indexOf(level);
    // Lines stand in the order of the calls, however long the system's log takes for one.
    const shown = severity < this.#least ? undefined : this.#show(line);
    if (severity >= levels.indexOf("NOTICE")) await this.#origin.systemLog(line);
    await shown;
  }

  #show(line: string): Promise<void> {
    const { host, pid } = this.#origin;
    const time = timestamp(this.#origin.now());
    return this.#io.stderr.writeLines([`${time} ${host} apache_manager[${pid}] ${line}`]);
  }
}

/** In the time zone of this machine. */
function timestamp(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/**
 * Hands a line to the system's log, as `apache_manager[44]: NOTICE text`: triggers of monitoring
 * systems look for it there. By logger(1), because Node has no datagram sockets in the file
 * system; where there is none, nothing is written.
 */
export function writeSystemLog(pid: number, line: string): Promise<void> {
  const args = ["-p", "user.notice", "-t", `apache_manager[${pid}]`, "--", line];
  const child = spawn("logger", args, { stdio: "ignore", timeout: 2_000 });
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}
