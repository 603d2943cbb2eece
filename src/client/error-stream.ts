import { ByteCollector, utf8 } from "../bytes.js";

/** The start of what a backend writes to its error stream, for the message of a failure. */
export class ErrorStreamStart {
  readonly #limit: number;
  readonly #bytes = new ByteCollector();
  #dropped = 0;

  /** @param limit bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#limit - this.#bytes.length);
    this.#bytes.push(kept);
    this.#dropped += bytes.length - kept.length;
  }

  /** As UTF-8; says how much was left out. Empty when nothing came. */
  get text(): string {
    if (this.#bytes.length === 0) return "";
    const text = utf8(this.#bytes.bytes);
    return this.#dropped === 0 ? text : `${text}\n… and ${this.#dropped} more bytes`;
  }
}
