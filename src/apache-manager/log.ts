import { spawn } from "node:child_process";
import type { Io } from "../cli/io.js";
import { visible } from "../terminal/text.js";

/** From the least severe to the most severe. */
const levels = ["DEBUG", "VERBOSE", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"] as const;
export type Severity = (typeof levels)[number];

export interface LogOrigin {
  readonly host: string;
  readonly pid: number;
  now(): Date;
  /** Writes a line of NOTICE or above to the system log. */
  systemLog(line: string): Promise<void>;
}

/**
 * Writes lines to standard error: `2026-11-20 18:24:54 host apache_manager[44] INFO text`. Lines of
 * NOTICE and above also go to the system log, whatever the verbosity.
 */
export class Log {
  readonly #io: Io;
  readonly #origin: LogOrigin;
  readonly #least: number;

  /**
   * @param verbosity 0 shows INFO and above; each step up shows one level more, each step down one
   * less
   */
  constructor(io: Io, origin: LogOrigin, verbosity: number) {
    this.#io = io;
    this.#origin = origin;
    this.#least = levels.indexOf("INFO") - verbosity;
  }

  async write(level: Severity, text: string): Promise<void> {
    const line = `${level} ${visible(text)}`;
    const severity = levels.indexOf(level);
    // Starts before the system log is written, so that lines keep the order of the calls.
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

/** `2026-11-20 18:24:54`, in the time zone of this machine. */
function timestamp(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/**
 * Writes a line to the system log, as `apache_manager[44]: NOTICE text`, which triggers of
 * monitoring systems match. Uses logger(1), because Node has no Unix datagram sockets. Without
 * logger(1), nothing is written.
 */
export function writeSystemLog(pid: number, line: string): Promise<void> {
  const args = ["-p", "user.notice", "-t", `apache_manager[${pid}]`, "--", line];
  const child = spawn("logger", args, { stdio: "ignore", timeout: 2_000 });
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}
