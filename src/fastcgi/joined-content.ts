import { noBytes } from "../bytes.js";

/** Where contents are that follow each other in one stream: bytes `start` to `end` of those taken. */
export class JoinedContent {
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #end = 0;

  /** Whether nothing has been added since the last {@link take}. */
  get empty(): boolean {
    return this.#end === this.#start;
  }

  /** The bytes that contents are joined in. Those between contents are lost. */
  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = 0;
  }

  /** Adds a content that is a copy of what was behind the last one. */
  addCopy(content: Uint8Array, at: number): void {
    if (this.empty) this.#startAt(at);
    this.#bytes.set(content, this.#end);
    this.#end += content.length;
  }

  /** Adds a content that is in the bytes, behind the last one: the shorter of both is moved. */
  add(at: number, length: number): void {
    if (this.empty) this.#startAt(at);
    const before = this.#end - this.#start;
    if (before < length) {
      this.#bytes.copyWithin(at - before, this.#start, this.#end);
      this.#start = at - before;
      this.#end = at + length;
    } else {
      this.#bytes.copyWithin(this.#end, at, at + length);
      this.#end += length;
    }
  }

  /** Hands out what has been joined, a view. */
  take(): Uint8Array {
    const joined = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return joined;
  }

  #startAt(at: number): void {
    this.#start = at;
    this.#end = at;
  }
}
