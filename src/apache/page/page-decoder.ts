import { concat, latin1, noBytes } from "../../bytes.js";

/**
 * Decodes a page piece by piece: as UTF-8 up to the first malformed byte, and as ISO-8859-1 from
 * there on. httpd writes ASCII, and declares ISO-8859-1.
 */
export class PageDecoder {
  #utf8: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The bytes of an incomplete character. */
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

/** The number of bytes at the end that begin an incomplete UTF-8 character. */
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

/** The number of bytes at the start that are well-formed UTF-8. */
function wellFormedLength(bytes: Uint8Array): number {
  let at = 0;
  for (let size = 1; size > 0; at += size) size = characterSize(bytes, at);
  return at;
}

/** The length of the character at an offset; 0 if it is malformed (Unicode, table 3-7). */
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
