import { ErrorCode, GatewayError } from "../../errors.js";
import { offsetLine } from "./describer.js";
import { excerpt } from "./excerpt.js";

/** What follows a head: its first bytes are kept, the others are counted. */
export class Body {
  readonly #offset: number;
  readonly #promised: number | undefined;
  readonly #first: Uint8Array;
  #length = 0;

  /**
   * @param offset where it starts
   * @param promised how long the head says that it is
   * @param most how many bytes of it are shown
   */
  constructor(offset: number, promised: number | undefined, most: number) {
    this.#offset = offset;
    this.#promised = promised;
    this.#first = new Uint8Array(most);
  }

  push(bytes: Uint8Array): void {
    const room = Math.max(0, this.#first.length - this.#length);
    this.#first.set(bytes.subarray(0, room), Math.min(this.#length, this.#first.length));
    this.#length += bytes.length;
  }

  /** @throws GatewayError `truncated` or `malformed` when it is not as long as it should be */
  *end(): Generator<string, void, undefined> {
    const length = this.#length;
    const promised = this.#promised ?? length;
    if (length > 0) {
      const shown = this.#first.subarray(0, Math.min(length, this.#first.length));
      const text = excerpt(shown, this.#first.length, length);
      yield offsetLine(this.#offset, "body".padEnd(16), `${length} bytes`, text);
    }
    if (length === promised) return;
    const offset = this.#offset + Math.min(length, promised);
    throw new GatewayError(
      length < promised ? ErrorCode.Truncated : ErrorCode.Malformed,
      length < promised
        ? `the bytes end at ${offset}, ${promised - length} before the end of the body`
        : `${length - promised} bytes follow the body at byte ${offset}`,
      { offset },
    );
  }
}
