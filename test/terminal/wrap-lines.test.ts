import { describe, expect, it } from "vitest";
import { wrapLines } from "../../src/terminal/wrap-lines.js";

describe("wrapLines", () => {
  it("breaks at spaces, and indents what follows", () => {
    expect(wrapLines("one two three\n    - four five six\n", 10)).toBe(
      "one two\n  three\n    - four\n      five\n      six\n",
    );
  });

  it("counts no styles, and wide characters twice", () => {
    expect(wrapLines("\u001b[31mone\u001b[39m two 漢字 end", 12)).toBe(
      "\u001b[31mone\u001b[39m two 漢字\n  end",
    );
  });

  it("leaves a word that is longer than the line whole, and everything where there is no width", () => {
    expect(wrapLines("in: /a/long/path", 8)).toBe("in:\n  /a/long/path");
    expect(wrapLines("one two", undefined)).toBe("one two");
  });
});
