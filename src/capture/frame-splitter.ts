import { ByteCollector } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A frame of a file: a view of its bytes, and where it stands. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Splits a file into frames whose length stands at their start, in pieces of any length. The bytes
 * of a frame are kept until it is whole.
 */
export class FrameSplitter {
  readonly #size: (bytes: Uint8Array, offset: number) => number;
  readonly #bytes = new ByteCollector();
  #offset = 0;
  /** Bytes that the next frame needs, as far as is known. */
  #needed = 1;

  /**
   * @param size bytes of the frame at the start of `bytes`, at least 1; more than there are while
   * its length is not among them. It throws for a frame that cannot be
   */
  constructor(size: (bytes: Uint8Array, offset: number) => number) {
    this.#size = size;
  }

  /** Takes the next bytes, and yields the frames that they complete. */
  *push(bytes: Uint8Array): Generator<Frame, void, undefined> {
    this.#bytes.push(bytes);
    if (this.#bytes.length < this.#needed) return;
    const all = this.#bytes.take();
    let at = 0;
    while (at < all.length) {
      const rest = all.subarray(at);
      this.#needed = this.#size(rest, this.#offset);
      if (rest.length < this.#needed) break;
      const frame = { bytes: rest.subarray(0, this.#needed), offset: this.#offset };
      at += this.#needed;
      this.#offset += this.#needed;
      this.#needed = 1;
      yield frame;
    }
    this.#bytes.push(all.subarray(at));
  }

  /** @throws GatewayError `truncated` inside a frame, with its offset */
  end(): void {
    if (this.#bytes.length === 0 && this.#offset > 0) return;
    const offset = this.#offset;
    throw new GatewayError(
      ErrorCode.Truncated,
      `the capture ends inside the frame at byte ${offset}`,
      { offset },
    );
  }
}

/** The error of a capture that is not what its format says. */
export function malformedCapture(what: string, offset: number): GatewayError {
  return new GatewayError(ErrorCode.Malformed, `what is at byte ${offset} ${what}`, { offset });
}
