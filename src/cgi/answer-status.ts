import { type ResponseHeadOptions, ResponseHeadReader } from "./response-head-reader.js";

/** Reads the status of an answer whose other fields nobody needs. */
export class AnswerStatus {
  #head: ResponseHeadReader | undefined;
  #value: number | undefined;

  constructor(options?: ResponseHeadOptions) {
    this.#head = new ResponseHeadReader(options);
  }

  /** The status; `undefined` before the head is whole, and of an answer without a readable head. */
  get value(): number | undefined {
    return this.#value;
  }

  /** Takes the next bytes of the answer. Those after the head are ignored. */
  push(bytes: Uint8Array): void {
    if (this.#head === undefined) return;
    try {
      const head = this.#head.push(bytes);
      if (head === undefined) return;
      this.#value = head.status;
    } catch {
      // Not the head of a CGI response.
    }
    this.#head = undefined;
  }
}
