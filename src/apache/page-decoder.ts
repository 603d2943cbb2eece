import { concat, latin1 } from "../bytes.js";

/**
 * Makes text of a page's bytes, as they come: UTF-8 up to the first byte that is not, ISO-8859-1
 * from the piece that has it on. httpd writes ASCII, and calls it ISO-8859-1.
 */
export class PageDecoder {
  #utf8: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true });
  /** The bytes of a character that is not whole. */
  #kept: Uint8Array = new Uint8Array(0);

  write(bytes: Uint8Array): string {
    if (this.#utf8 === undefined) return latin1(bytes);
    const whole = this.#kept.length === 0 ? bytes : concat([this.#kept, bytes]);
    const end = whole.length - unfinished(whole);
    this.#kept = whole.slice(end);
    try {
      return this.#utf8.decode(whole.subarray(0, end));
    } catch {
      this.#utf8 = undefined;
      this.#kept = new Uint8Array(0);
      return latin1(whole);
    }
  }

  end(): string {
    return latin1(this.#kept);
  }
}

/** How many bytes at the end begin a character of UTF-8 that is not whole. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? back : 0;
    }
  }
  return 0;
}
