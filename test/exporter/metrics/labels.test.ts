import { describe, expect, it } from "vitest";
import { LabelSet } from "../../../src/exporter/metrics/labels.js";

const textOf = (value: string) => new LabelSet([["a", value]]).text;

/** Text from a page, target or server that must not break an exposition. */
const hostile = [
  "\ud800",
  "a\udc00b",
  'q"u\\o\nte',
  "\0\x01\x7f\r",
  "\ufffe\uffff",
  "\u2028",
  "é\u{1f600}",
];

describe("labels", () => {
  it("are written as between braces", () => {
    const labels = new LabelSet([
      ["a", "1"],
      ["b", 'x"y\\z\n'],
    ]);
    expect(labels.text).toBe('a="1",b="x\\"y\\\\z\\n"');
  });

  it("are well-formed: invalid Unicode becomes U+FFFD", () => {
    expect(textOf("x\ud800y\udc00")).toBe('a="x\ufffdy\ufffd"');
    expect(textOf("\u{1f600}")).toBe('a="\u{1f600}"');
    for (const value of hostile) {
      const text = textOf(value);
      expect(Buffer.from(text).toString()).toBe(text);
      expect(text).not.toContain("\n");
    }
  });

  it.each([
    ["x", 1, 1_024],
    ["é", 2, 512],
    ["€", 3, 341],
    ["\u{1f600}", 4, 256],
  ])("are cut to 1,024 bytes between characters: %s of %d bytes", (character, bytes, count) => {
    const whole = character.repeat(count);
    expect(textOf(whole)).toBe(`a="${whole}"`);
    const [, kept, hash] = /^a="(.*)(~[0-9a-f]{16})"$/u.exec(textOf(whole + character)) ?? [];
    expect(kept).toBe(character.repeat(Math.floor((1_024 - 17) / bytes)));
    expect(hash).toBeDefined();
  });

  it("stay different if only what is cut off differs", () => {
    const start = "x".repeat(1_024);
    const texts = new Set(["", "a", "b", "ab", "\u{1f600}"].map((end) => textOf(start + end)));
    expect(texts.size).toBe(5);
    expect(textOf(`${start}a`)).toBe(textOf(`${start}a`));
  });
});
