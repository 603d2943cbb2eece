import { describe, expect, it } from "vitest";
import { progressBar } from "../../src/terminal/progress.js";
import { styleFor } from "../../src/terminal/style.js";
import { type Column, layOut, rowLine, spanLine, titleLine } from "../../src/terminal/table.js";
import { clipEnd, clipStart, textWidth, visible, visibleLines } from "../../src/terminal/text.js";
import { formatBytes, formatMicroseconds, formatSeconds } from "../../src/terminal/units.js";

describe("text on a terminal", () => {
  it.each([
    ["\x1b[2J\x07", "\\x1b[2J\\x07"],
    ["a\nb\r\tc\x7f", "a\\nb\\r\\tc\\x7f"],
    ["\x9b31m", "\\x9b31m"],
    ["user\u202egpj.exe", "user\\u202egpj.exe"],
    ["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
    ["\u{e0041}", "\\u{e0041}"],
    ["\ud800", "\\ud800"],
    ["grüße, 世界, \ufffd", "grüße, 世界, \ufffd"],
  ])("%j is shown as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("keeps its line ends if it has several lines", () => {
    expect(visibleLines("a\n\tb\x1b\r\n")).toBe("a\n\tb\\x1b\\r\n");
  });

  it("takes two cells for a wide character and none for a combining one", () => {
    expect(textWidth("世界")).toBe(4);
    expect(textWidth("e\u0301")).toBe(1);
    expect(textWidth("🚀")).toBe(2);
  });

  it("is cut at either end, never through a wide character", () => {
    expect(clipEnd("/index.php", 6)).toBe("/inde…");
    expect(clipStart("/run/php.sock", 6)).toBe("….sock");
    expect(clipEnd("世界世界", 4)).toBe("世…");
    expect(clipEnd("short", 5)).toBe("short");
  });
});

describe("colours", () => {
  it.each([
    ["a terminal", true, {}, "\x1b[31mx\x1b[39m"],
    ["a pipe", false, {}, "x"],
    ["a terminal and NO_COLOR", true, { NO_COLOR: "1" }, "x"],
    ["a terminal and an empty NO_COLOR", true, { NO_COLOR: "" }, "\x1b[31mx\x1b[39m"],
    ["a dumb terminal", true, { TERM: "dumb" }, "x"],
    ["a terminal and CLICOLOR=0", true, { CLICOLOR: "0" }, "x"],
    ["a terminal and FORCE_COLOR=0", true, { FORCE_COLOR: "0" }, "x"],
    ["a pipe and FORCE_COLOR", false, { FORCE_COLOR: "1" }, "\x1b[31mx\x1b[39m"],
    ["a pipe and CLICOLOR_FORCE", false, { CLICOLOR_FORCE: "1" }, "\x1b[31mx\x1b[39m"],
    ["a pipe and CLICOLOR_FORCE=0", false, { CLICOLOR_FORCE: "0" }, "x"],
    ["a pipe, FORCE_COLOR and NO_COLOR", false, { FORCE_COLOR: "1", NO_COLOR: "1" }, "x"],
  ])("on %s", (_, isTerminal, env, text) => {
    expect(styleFor(isTerminal, env).bad("x")).toBe(text);
  });
});

describe("a choice of colours", () => {
  it("comes before the environment", () => {
    expect(styleFor(false, { NO_COLOR: "1" }, "always").bad("x")).toBe("\x1b[31mx\x1b[39m");
    expect(styleFor(true, { FORCE_COLOR: "1" }, "never").bad("x")).toBe("x");
  });
});

describe("units", () => {
  it.each([
    [0, "0 µs"],
    [999, "999 µs"],
    [1_500, "1.5 ms"],
    [999_949, "999.9 ms"],
    [999_950, "1.0 s"],
    [59_900_000, "59.9 s"],
    [59_999_000, "1m 0s"],
  ])("%d microseconds are %s", (microseconds, text) => {
    expect(formatMicroseconds(microseconds)).toBe(text);
  });

  it.each([
    [-1, "0s"],
    [59, "59s"],
    [61, "1m 1s"],
    [7_260, "2h 1m"],
    [100 * 86_400 + 3_600, "100d 1h"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [2_097_152, "2.0 M"],
    [1_048_575, "1.0 M"],
    [5e15, "4.4 P"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("a table", () => {
  interface Row {
    name: string;
    count: number;
    path: string;
  }
  const columns: Column<Row>[] = [
    { title: "NAME", value: ({ name }) => name },
    { title: "COUNT", value: ({ count }) => `${count}`, align: "right", dropOrder: 1 },
    { title: "PATH", value: ({ path }) => path, clip: "start", shrinkTo: 8 },
  ];
  const row = { name: "www", count: 12, path: "/run/php/www.sock" };

  it("is as wide as its texts without a limit", () => {
    const layout = layOut(columns, [row]);
    expect(titleLine(layout)).toBe("NAME  COUNT  PATH");
    expect(rowLine(layout, row)).toBe("www      12  /run/php/www.sock");
  });

  it("shrinks the columns that may shrink", () => {
    const layout = layOut(columns, [row], 24);
    expect(rowLine(layout, row)).toBe("www      12  …p/www.sock");
  });

  it("drops columns if shrinking is not enough", () => {
    const layout = layOut(columns, [row], 20);
    expect(titleLine(layout)).toBe("NAME  PATH");
    expect(rowLine(layout, row)).toBe("www   …/php/www.sock");
  });

  it("shows one text across the columns in the middle", () => {
    const layout = layOut(columns, [row]);
    expect(spanLine(layout, { ...row, name: "-" }, "gone for good")).toBe(
      "-     gone…  /run/php/www.sock",
    );
  });
});

it("a progress bar fills up, and is a count if the total is unknown", () => {
  expect(progressBar(0, 300)).toBe("[------------------------] 0/300");
  expect(progressBar(150, 300)).toBe("[############------------] 150/300");
  expect(progressBar(300, 300)).toBe("[########################] 300/300");
  expect(progressBar(7, undefined)).toBe("7 done");
});
