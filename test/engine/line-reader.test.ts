import { describe, expect, it } from "vitest";
import { hashKey } from "../../src/engine/hash-key.js";
import { LineReader } from "../../src/engine/line-reader.js";
import { LineKind, TABLE_LINES, WINDOW, WINDOW_SIZE } from "../../src/engine/memory.js";
import { latin1, text } from "./bytes.js";
import { engines } from "./engines.js";

interface Line {
  key: string;
  value: string;
  kind: number;
}

/** The current line of a reader. */
function lineOf({ page, start, keyEnd, valueStart, end, keyHash, kind }: LineReader): Line {
  const key = text(page.subarray(start, keyEnd));
  expect(keyHash).toBe(hashKey(key));
  return { key, value: text(page.subarray(valueStart, end)), kind };
}

function linesOf(lines: LineReader): Line[] {
  const all: Line[] = [];
  while (lines.next()) all.push(lineOf(lines));
  return all;
}

describe.each(engines)("LineReader on the %s engine", (_name, engine) => {
  const linesIn = (page: string) => linesOf(new LineReader(latin1(page), engine));

  it("goes from line to line, with or without a colon", () => {
    expect(linesIn("pool:  www\r\nbare\n\nlast: 7")).toEqual([
      { key: "pool", value: "www", kind: LineKind.Text },
      { key: "bare", value: "", kind: LineKind.Bare },
      { key: "", value: "", kind: LineKind.Bare },
      { key: "last", value: "7", kind: LineKind.Number },
    ]);
    expect(linesIn("")).toEqual([]);
  });

  it("reads numbers and dates", () => {
    const lines = new LineReader(latin1("n: -1.5\nd: 20/Nov/2026:18:28:16 +0000\n"), engine);
    lines.next();
    expect([lines.kind, lines.number]).toEqual([LineKind.Number, -1.5]);
    lines.next();
    expect([lines.kind, lines.number]).toEqual([LineKind.Date, 1_795_199_296]);
    expect([lines.isAtEnd, lines.next()]).toEqual([true, false]);
  });

  it("reads more lines than the table and the window hold", () => {
    const count = 3 * TABLE_LINES;
    const all = Array.from({ length: count }, (_, index) => `${index}: ${"v".repeat(index % 99)}`);
    const lines = linesIn(all.join("\n"));
    expect(lines.map(({ key, value }) => `${key}: ${value}`)).toEqual(all);
  });

  it.each([
    ["a value", `a: 1\nlong: \t${"v".repeat(WINDOW_SIZE)}`, "long", "v".repeat(WINDOW_SIZE)],
    ["a key", `a: 1\n${"k".repeat(WINDOW_SIZE)}:v`, "k".repeat(WINDOW_SIZE), "v"],
    ["a bare line", `a: 1\n${"b".repeat(WINDOW_SIZE)}`, "b".repeat(WINDOW_SIZE), ""],
  ])("finds %s that is longer than the window by itself", (_what, page, key, value) => {
    const kind = value === "" ? LineKind.Bare : LineKind.Text;
    const first = { key: "a", value: "1", kind: LineKind.Number };
    expect(linesIn(page)).toEqual([first, { key, value, kind }]);
    const next = { key: "z", value: "", kind: LineKind.Text };
    expect(linesIn(`${page}\r\nz:`)).toEqual([first, { key, value, kind }, next]);
  });

  it("goes back to a row of the table", () => {
    const lines = new LineReader(latin1("a: 1\nb: 2\n"), engine);
    lines.next();
    lines.next();
    lines.row--;
    expect(linesOf(lines).map(({ key }) => key)).toEqual(["b"]);
  });

  it("splits again from the next line, for callers that read several rows", () => {
    const page = `${"n: 1\n".repeat(WINDOW_SIZE / 5 - 1)}${"m: 2\n".repeat(5)}`;
    const lines = new LineReader(latin1(page), engine);
    lines.next();
    expect(lines.rows).toBe(TABLE_LINES);
    lines.row = TABLE_LINES - 3;
    expect(lines.splitFromNext()).toBe(true);
    expect([lines.row, lines.base]).toEqual([0, 5 * (TABLE_LINES - 3) - WINDOW]);
    expect(lines.splitFromNext()).toBe(false);
    expect(linesOf(lines)).toHaveLength(page.length / 5 - TABLE_LINES + 3);
    expect([lines.isAtEnd, lines.splitFromNext()]).toEqual([true, false]);
  });

  it("reads a page in the window in place, and copies one from elsewhere in the memory", () => {
    const page = latin1(`${"\n".repeat(TABLE_LINES)}a: 1\nb: 2\n`);
    for (const [address, isCopied] of [
      [WINDOW + 7, false],
      [WINDOW + WINDOW_SIZE, true],
    ] as const) {
      engine.memory.set(page, address);
      const lines = new LineReader(engine.memory.subarray(address, address + page.length), engine);
      expect(lines.page.buffer !== engine.memory.buffer).toBe(isCopied);
      expect(linesOf(lines).slice(TABLE_LINES)).toEqual([
        { key: "a", value: "1", kind: LineKind.Number },
        { key: "b", value: "2", kind: LineKind.Number },
      ]);
      expect(lines.page).toEqual(page);
    }
  });
});
