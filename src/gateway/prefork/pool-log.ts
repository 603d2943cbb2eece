import { closeSync, openSync, writeSync } from "node:fs";
import { ErrorCode, GatewayError } from "../../errors.js";
import { logTime } from "./log-time.js";

export type LogLevel = "NOTICE" | "WARNING" | "ERROR";

/** A pool's log, in PHP-FPM's form: `[21-Nov-2026 07:50:00] NOTICE: [pool app] child 12 started`. */
export class PoolLog {
  readonly #name: string;
  readonly #target: string | ((line: string) => void) | undefined;
  #descriptor: number | undefined;

  /** @throws GatewayError `bad_input` when the file cannot be opened */
  constructor(name: string, target: string | ((line: string) => void) | undefined) {
    this.#name = name;
    this.#target = target;
    this.reopen();
  }

  /** True when the workers' own output belongs in here. */
  get takesOutput(): boolean {
    return this.#target !== undefined;
  }

  /** Opens the file again, which somebody has moved away. */
  reopen(): void {
    if (typeof this.#target !== "string") return;
    let descriptor: number;
    try {
      descriptor = openSync(this.#target, "a");
    } catch (cause) {
      const message = `cannot open the log: ${(cause as Error).message}`;
      throw new GatewayError(ErrorCode.BadInput, message, { cause });
    }
    this.close();
    this.#descriptor = descriptor;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  write(level: LogLevel, message: string): void {
    const line = `[${logTime()}] ${level}: [pool ${this.#name}] ${message}`;
    if (typeof this.#target === "function") this.#target(line);
    else if (this.#descriptor !== undefined) writeSync(this.#descriptor, `${line}\n`);
    else if (this.#target === undefined) process.stderr.write(`${line}\n`);
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
}
