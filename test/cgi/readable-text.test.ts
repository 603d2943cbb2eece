import { describe, expect, it } from "vitest";
import { readableText } from "../../src/cgi/readable-text.js";

/** A byte string: a character for each byte. */
const bytesOf = (text: string) => Buffer.from(text).toString("latin1");

describe("a byte string as people read it", () => {
  it.each(["plain", "café", "10 €", "😀", "\u00a0\u07ff\u0800\uffff\u{10000}\u{10ffff}"])(
    "is its UTF-8: %j",
    (text) => {
      expect(readableText(bytesOf(text))).toBe(text);
    },
  );

  it.each([
    ["a\xffb", "a%FFb"],
    ["\x80\xbf", "%80%BF"],
    ["caf\xe9 caf\xc3\xa9", "caf%E9 café"],
    ["control \xc2\x80\xc2\x9b", "control %C2%80%C2%9B"],
    ["cut \xf0\x9f\x98", "cut %F0%9F%98"],
    ["overlong \xc0\xaf\xe0\x80\xaf", "overlong %C0%AF%E0%80%AF"],
    ["half a pair \xed\xa0\x80", "half a pair %ED%A0%80"],
    ["beyond Unicode \xf4\x90\x80\x80", "beyond Unicode %F4%90%80%80"],
  ])("has bytes that are no UTF-8 as a URL has them: %j", (byteString, text) => {
    expect(readableText(byteString)).toBe(text);
  });
});
