import { describe, expect, it } from "vitest";
import { Key, KeyParser } from "../../src/terminal/keys.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("keys of a terminal", () => {
  it.each([
    ["q/?", ["q", "/", "?"]],
    ["\x1b[A\x1bOB", [Key.Up, Key.Down]],
    ["\x1b[5~\x1b[6~", [Key.PageUp, Key.PageDown]],
    ["\x1b[H\x1b[4~\x1b[7~\x1bOF", [Key.Home, Key.End, Key.Home, Key.End]],
    ["\x1b[1;5C\x1b[5;2~", [Key.Right, Key.PageUp]],
    ["\r\n\x7f\b", [Key.Enter, Key.Enter, Key.Backspace, Key.Backspace]],
    ["\x03\x0c", [Key.CtrlC, Key.CtrlL]],
    ["é世🚀", ["é", "世", "🚀"]],
    ["\x1bq", [Key.Escape, "q"]],
  ])("%j are %j", (text, keys) => {
    expect(new KeyParser().push(bytes(text))).toEqual(keys);
  });

  it.each(["\x1b[A", "\x1bOB", "\x1b[5~", "\x1b[1;5C", "世", "\x1b[A世\x1b[6~q"])(
    "%j is the same in any two pieces",
    (text) => {
      const whole = new KeyParser().push(bytes(text));
      const all = bytes(text);
      for (let cut = 1; cut < all.length; cut++) {
        const parser = new KeyParser();
        const keys = [...parser.push(all.slice(0, cut)), ...parser.push(all.slice(cut))];
        expect(keys).toEqual(whole);
      }
    },
  );

  it("an Escape is one after the wait for the rest of a sequence", () => {
    const parser = new KeyParser();
    expect(parser.push(bytes("\x1b"))).toEqual([]);
    expect(parser.isPending).toBe(true);
    expect(parser.flush()).toEqual([Key.Escape]);
    expect(parser.isPending).toBe(false);
    expect(parser.push(bytes("[A"))).toEqual(["[", "A"]);
  });

  it("drops sequences that are no key, and controls", () => {
    expect(new KeyParser().push(bytes("\x1b[200~x\x1b[?1;2cy\x1bOP\x01\x00z"))).toEqual([
      "x",
      "y",
      "z",
    ]);
  });

  it("does not wait for the end of an endless sequence", () => {
    const parser = new KeyParser();
    parser.push(bytes(`\x1b[${"1;".repeat(100)}`));
    expect(parser.push(bytes("q")).at(-1)).toBe("q");
  });
});
