import { describe, expect, it } from "vitest";
import { hashKey } from "../../src/engine/hash-key.js";
import {
  FIRST_LINE_KEY,
  LineKey,
  LineKind,
  ROW_WORDS,
  TABLE_LINES,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { fixture } from "../fixtures.js";
import { latin1 } from "./bytes.js";
import { result } from "./drive.js";
import { splitLines } from "./drive-split.js";
import { engines } from "./engines.js";

const { Bare, Text, Number: Numeric } = LineKind;

describe.each(engines)("splitLines, %s", (_, engine) => {
  const read = (text: string, final = true) => splitLines(engine, [latin1(text)], final);
  const keysAndValues = (text: string) => read(text).map(({ key, value }) => [key, value]);

  it("splits at the first colon and skips the blanks after it", () => {
    expect(
      keysAndValues("pool:                 www\nstart time:\t 15/Aug/2018:14:29:57 +0000\n"),
    ).toEqual([
      ["pool", "www"],
      ["start time", "15/Aug/2018:14:29:57 +0000"],
    ]);
  });

  it("removes one carriage return at the end of a line", () => {
    expect(keysAndValues("a: b\r\nbare\r\nc:\r\nd: e\r\r\n\r\n")).toEqual([
      ["a", "b"],
      ["bare", ""],
      ["c", ""],
      ["d", "e\r"],
      ["", ""],
    ]);
  });

  it("finds lines without a colon", () => {
    const lines = read(`127.0.0.1\n\n${"*".repeat(24)}\n`);
    expect(lines.map(({ key, kind }) => [key, kind])).toEqual([
      ["127.0.0.1", Bare],
      ["", Bare],
      ["*".repeat(24), Bare],
    ]);
  });

  it("takes empty keys and empty values", () => {
    expect(read(": x\na:\nb:   \n:\n")).toMatchObject([
      { key: "", value: "x", kind: Text },
      { key: "a", value: "", kind: Text },
      { key: "b", value: "", kind: Text },
      { key: "", value: "", kind: Text },
    ]);
  });

  it("does not consume a last line without a newline unless the page ends there", () => {
    expect(read("a: 1\nb: 2", false)).toHaveLength(1);
    expect(result(engine, TableResult.Consumed)).toBe(5);
    expect(read("a: 1\nb: 2")).toMatchObject([{ number: 1 }, { key: "b", number: 2 }]);
    expect(result(engine, TableResult.Consumed)).toBe(9);
    expect(read("a: 1\n")).toHaveLength(1);
    expect(read("b: 2\r")).toMatchObject([{ value: "2", kind: Numeric }]);
  });

  it.each([1, 14, 15, 16, 17, 30, 31, 32, 33, 47, 48, 63, 64, 65, 200])(
    "finds the colon after %i bytes and the value after as many blanks",
    (length) => {
      const key = "k".repeat(length);
      const blanks = " ".repeat(length);
      const line = `${key}:${blanks}${length}`;
      expect(read(`${line}\n${line}x\n${key}\n${key}:${blanks}\n`)).toMatchObject([
        { key, value: String(length), kind: Numeric, number: length },
        { key, value: `${length}x`, kind: Text },
        { key, kind: Bare },
        { key, value: "", kind: Text },
      ]);
    },
  );

  it("reads nothing after its bytes", () => {
    engine.memory.set(latin1("key\n: 77\n   123"), WINDOW);
    expect(engine.splitLines(WINDOW, 3, 1)).toBe(1);
    expect(result(engine, TableResult.Consumed)).toBe(3);
    expect(splitLines(engine, [latin1("key:")])).toMatchObject([{ value: "", kind: Text }]);
    engine.memory.set(latin1("k:12345"), WINDOW);
    expect(engine.splitLines(WINDOW, 2, 1)).toBe(1);
    expect(engine.table.slice(FIRST_LINE_KEY, FIRST_LINE_KEY + ROW_WORDS)).toEqual(
      Int32Array.of(WINDOW, WINDOW + 1, hashKey("k"), Text),
    );
    expect(engine.table.slice(0, ROW_WORDS)).toEqual(Int32Array.of(0, 0, WINDOW + 2, WINDOW + 2));
  });

  it("hashes keys and bare lines as hashKey does", () => {
    for (let length = 0; length < 70; length++) {
      const key = Array.from({ length }, (_, at) => String.fromCharCode(97 + ((at * 7) % 26))).join(
        "",
      );
      expect(read(`${key}: x\n${key}\n`).map(({ hash }) => hash)).toEqual([
        hashKey(key),
        hashKey(key),
      ]);
    }
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = latin1("a: 1\n".repeat(TABLE_LINES + 5));
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitLines(WINDOW, bytes.length, 1)).toBe(TABLE_LINES);
    const consumed = result(engine, TableResult.Consumed);
    expect(consumed).toBe(5 * TABLE_LINES);
    expect(engine.splitLines(WINDOW + consumed, bytes.length - consumed, 1)).toBe(5);
  });

  it("does not consume a last line without a newline when the table is full", () => {
    const bytes = latin1(`${"\n".repeat(TABLE_LINES)}last`);
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitLines(WINDOW, bytes.length, 1)).toBe(TABLE_LINES);
    expect(result(engine, TableResult.Consumed)).toBe(TABLE_LINES);
  });

  it("reads a line that fills the window", () => {
    engine.memory.fill(0x3a, WINDOW, WINDOW + WINDOW_SIZE);
    expect(engine.splitLines(WINDOW, WINDOW_SIZE, 0)).toBe(0);
    expect(result(engine, TableResult.Consumed)).toBe(0);
    expect(engine.splitLines(WINDOW, WINDOW_SIZE, 1)).toBe(1);
    engine.memory.fill(0x20, WINDOW, WINDOW + WINDOW_SIZE);
    expect(engine.splitLines(WINDOW, WINDOW_SIZE, 1)).toBe(1);
    expect(engine.table[FIRST_LINE_KEY + LineKey.Hash]).toBe(hashKey(" ".repeat(WINDOW_SIZE)));
  });

  it("reads a PHP-FPM page of 100 processes", () => {
    const lines = splitLines(engine, [fixture("fpm-status/big100-idle--text-full.body.txt")]);
    const pids = lines.filter(({ hash }) => hash === hashKey("pid"));
    expect(pids).toHaveLength(100);
    expect(pids.every(({ kind }) => kind === Numeric)).toBe(true);
    const memory = lines.filter(({ key }) => key === "last request memory");
    expect(memory.map(({ number, value }) => number === Number(value))).toEqual(
      new Array(100).fill(true),
    );
  });

  it.each([
    "fpm-status/dynamic-busy--text-full.body.txt",
    "fpm-status/hostile-uri--text-full.body.txt",
    "apache-status/event-loaded--auto.txt",
  ])("gives the lines of %s as string functions do", (name) => {
    const bytes = fixture(name);
    const expected = String.fromCharCode(...bytes)
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => /^([^:]*):[ \t]*(.*)$/.exec(line)?.slice(1) ?? [line, ""]);
    const lines = splitLines(engine, [bytes]);
    expect(lines.map(({ key, value }) => [key, value])).toEqual(expected);
    for (const { kind, number, value } of lines) {
      if (kind === Numeric) expect(number, value).toBe(Number(value));
    }
  });

  it("returns the same lines however the bytes are cut", () => {
    const bytes = latin1(
      "pool:   www\r\nbare\n\nCPULoad: 2.03794e-5\nx: 18446744073709551615\nrequest URI: /a:b?c=d\nend: 9",
    );
    const expected = splitLines(engine, [bytes]);
    expect(expected).toHaveLength(7);
    for (const [how, chunks] of cuts(bytes))
      expect(splitLines(engine, chunks), how).toEqual(expected);
  });
});
