import { concat, latin1, noBytes } from "../../bytes.js";

/**
 * Makes text of a page's bytes, as they come: UTF-8 up to the first byte that is not, ISO-8859-1
 * from there on. httpd writes ASCII, and calls it ISO-8859-1.
 */
export class PageDecoder {
  #utf8: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The bytes of a character that is not whole. */
  #kept: Uint8Array = noBytes;

  write(bytes: Uint8Array): string {
    if (this.#utf8 === undefined) return latin1(bytes);
    const whole = this.#kept.length === 0 ? bytes : concat([this.#kept, bytes]);
    const end = whole.length - unfinished(whole);
    this.#kept = whole.slice(end);
    try {
      return this.#utf8.decode(whole.subarray(0, end));
    } catch {
      const wrong = wellFormedLength(whole);
      const text = this.#utf8.decode(whole.subarray(0, wrong)) + latin1(whole, wrong);
      this.#utf8 = undefined;
      this.#kept = noBytes;
      return text;
    }
  }

  end(): string {
    return latin1(this.#kept);
  }
}

/** How many bytes at the end begin a character of UTF-8 that is not whole. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? back : 0;
    }
  }
  return 0;
}

/** How many bytes at the start are characters of UTF-8. */
function wellFormedLength(bytes: Uint8Array): number {
  let at = 0;
  for (let size = 1; size > 0; at += size) size = characterSize(bytes, at);
  return at;
}

/** How long the character at an offset is; 0 where there is none (Unicode, table 3-7). */
function characterSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (let offset = 2; offset < size; offset++) {
    if (((bytes[at + offset] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return size;
}
