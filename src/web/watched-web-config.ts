import { statSync } from "node:fs";
import { openWebConfig, readWebConfig, type WebConfig } from "./web-config.js";
import type { WebLog } from "./web-log.js";

/**
 * A web configuration that follows its files: certificates and passwords change without a reload.
 * It looks at the files' times whenever it is asked, and reads them when one has changed.
 */
export class WatchedWebConfig {
  readonly #file: string | undefined;
  readonly #log: WebLog;
  #config = openWebConfig;
  /** The files that were read, with what told their contents at that time. */
  #stamps: ReadonlyMap<string, string> = new Map();
  #isBroken = false;

  /**
   * @param file undefined: plain HTTP for everybody
   * @throws GatewayError `bad_input` when the file is wrong
   */
  constructor(file: string | undefined, log: WebLog) {
    this.#file = file;
    this.#log = log;
    if (file !== undefined) this.#config = this.#read(file);
  }

  /** The last good configuration. */
  get lastGood(): WebConfig {
    return this.#config;
  }

  /** The configuration as it is in the files now; undefined while they are wrong. */
  current(): WebConfig | undefined {
    const file = this.#file;
    if (file === undefined) return this.#config;
    const isSame = [...this.#stamps].every(([path, stamp]) => stampOf(path) === stamp);
    if (!isSame) this.#readAgain(file);
    return this.#isBroken ? undefined : this.#config;
  }

  #readAgain(file: string): void {
    try {
      this.#config = this.#read(file);
      if (this.#isBroken)
        this.#log({ level: "info", message: "the web configuration is good again" });
      this.#isBroken = false;
    } catch (error) {
      this.#isBroken = true;
      this.#log({
        level: "error",
        message: "the web configuration is wrong: every request gets a 500 until it is corrected",
        error: (error as Error).message,
      });
    }
  }

  #read(file: string): WebConfig {
    const stamps = new Map<string, string>();
    // A file that changes while it is read has another stamp the next time.
    this.#stamps = stamps;
    return readWebConfig(file, (path) => stamps.set(path, stampOf(path)));
  }
}

/** What differs when a file has changed, was replaced, or its symbolic link leads elsewhere. */
function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
