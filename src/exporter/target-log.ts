import type { GatewayError } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { FailureReason } from "./failure-reason.js";
import type { PoolSample } from "./sample.js";
import type { LogListener } from "./settings.js";
import { type ScrapeTarget, shownAddress } from "./target.js";

/** Logs the changes of one target: a record when its state changes, and none for a scrape. */
export class TargetLog {
  readonly #log: LogListener;
  /** What was logged last; `undefined` before the first scrape. */
  #state: FailureReason | "up" | undefined;
  #hasWarned = false;
  /** What was logged last about OPcache; empty if it could be read. */
  #opcacheError = "";

  constructor(log: LogListener) {
    this.#log = log;
  }

  /** The target answers. */
  up(target: ScrapeTarget, pool: string): void {
    const before = this.#state;
    if (before === "up") return;
    this.#state = "up";
    const isFirst = before === undefined;
    const level = isFirst ? "debug" : "info";
    const message = isFirst ? "the target answers" : "the target answers again";
    this.#log({ level, message, ...about(target, pool) });
  }

  /** The target cannot be read. */
  down(target: ScrapeTarget, pool: string, reason: FailureReason, error: GatewayError): void {
    if (this.#state === reason) return;
    this.#state = reason;
    this.#log({
      level: reason === "other" ? "error" : "warn",
      message: "the target cannot be read",
      ...about(target, pool),
      reason,
      error: error.message,
      hint: error.hint,
    });
  }

  /** An answer could not wait for the target. That says nothing new of a target that is down. */
  late(target: ScrapeTarget, pool: string, error: GatewayError): void {
    if (this.#state !== undefined && this.#state !== "up") return;
    this.down(target, pool, "deadline", error);
  }

  /** The script for OPcache was asked, of a pool that answers. */
  opcache({ target, pool, opcacheError }: PoolSample): void {
    const code = opcacheError?.code ?? "";
    if (this.#opcacheError === code) return;
    this.#opcacheError = code;
    const subject = about(target, pool);
    if (opcacheError === undefined) {
      this.#log({ level: "info", message: "OPcache can be read again", ...subject });
      return;
    }
    const { message: error, hint } = opcacheError;
    this.#log({ level: "warn", message: "OPcache cannot be read", ...subject, error, hint });
  }

  /** The numbers of a pool do not add up. That is logged once: PHP-FPM counts without a lock. */
  checkNumbers(target: ScrapeTarget, pool: string, status: PoolStatus): void {
    if (this.#hasWarned) return;
    const error = [...miscounts(status), ...status.warnings].join("; ");
    if (error === "") return;
    this.#hasWarned = true;
    this.#log({
      level: "warn",
      message: "the numbers of the pool do not add up",
      ...about(target, pool),
      error,
      hint: "PHP-FPM counts without a lock, and this is logged once for a pool",
    });
  }
}

function about(target: ScrapeTarget, pool: string) {
  const name = pool === "" ? undefined : pool;
  return { target: shownAddress(target), pool: name, source: target.source };
}

function miscounts({ idleProcesses, activeProcesses, totalProcesses }: PoolStatus): string[] {
  if (idleProcesses === undefined || activeProcesses === undefined) return [];
  if (totalProcesses === undefined || idleProcesses + activeProcesses === totalProcesses) return [];
  return [`${idleProcesses} idle and ${activeProcesses} active are not ${totalProcesses} in total`];
}
