import { describe, expect, it } from "vitest";
import {
  EngineError,
  NetstringState,
  TABLE_ROWS,
  TableResult,
  WINDOW,
} from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { latin1 } from "./bytes.js";
import { type FrameOptions, frame } from "./drive.js";
import { engines } from "./engines.js";

describe.each(engines)("splitNetstrings, %s", (_, engine) => {
  const read = (text: string, options?: FrameOptions) =>
    frame(engine, "splitNetstrings", [latin1(text)], options);
  const contents = (text: string, options?: FrameOptions) =>
    read(text, options).frames.map(({ content }) => content);

  it("frames netstrings one after another", () => {
    expect(contents("12:hello world!,0:,3:a,b,")).toEqual(["hello world!", "", "a,b"]);
  });

  it("has the whole length with the first piece", () => {
    const { frames, complete } = read("100:only the beginning");
    expect(frames).toEqual([{ content: "only the beginning", head: 100, ended: false }]);
    expect(complete).toBe(0);
  });

  it("does not count a netstring before its comma", () => {
    expect(read("3:abc")).toMatchObject({ complete: 0, frames: [{ ended: true }] });
    expect(read("3:abc,")).toMatchObject({ complete: 1 });
  });

  it("stops after as many netstrings as the caller wants", () => {
    expect(read("1:a,1:b,1:c,", { most: 2 })).toMatchObject({ complete: 2, consumed: 8 });
    expect(read("1:a,", { most: 0 })).toMatchObject({ complete: 0, consumed: 0 });
  });

  it.each([
    ["no digit", ":a,", 0],
    ["a plus", "+5:hello,", 0],
    ["a minus", "-1:a,", 0],
    ["a space before the colon", "5 :hello,", 0],
    ["an underscore", "1_0:0123456789,", 0],
    ["the wrong character after a netstring", "1:a,x", 4],
    ["eleven digits", "00000000001:a,", 0],
  ])("refuses a length with %s", (_, text, offset) => {
    for (const [how, chunks] of cuts(latin1(text))) {
      const { failure } = frame(engine, "splitNetstrings", chunks, { strict: false });
      expect(failure, how).toEqual({ error: EngineError.Digits, offset });
    }
  });

  it.each(["00:,", "01:a,", "0005:hello,"])("refuses %s when strict", (text) => {
    for (const [how, chunks] of cuts(latin1(text))) {
      expect(frame(engine, "splitNetstrings", chunks).failure, how).toEqual({
        error: EngineError.Digits,
        offset: 0,
      });
    }
  });

  it("takes leading zeros when lenient", () => {
    expect(contents("00:,01:a,0000000005:hello,", { strict: false })).toEqual(["", "a", "hello"]);
  });

  it.each(["1:a;", "1:ab", "0:x", "0:0:,"])("refuses %s, which has no comma", (text) => {
    const offset = text.startsWith("0") ? 2 : 3;
    for (const [how, chunks] of cuts(latin1(text))) {
      expect(frame(engine, "splitNetstrings", chunks).failure, how).toEqual({
        error: EngineError.Comma,
        offset,
      });
    }
  });

  it.each([
    [10, "11:hello world,"],
    [999, "1000:"],
    [0, "1:a,"],
    [2_147_483_647, "2147483648:"],
    [2_147_483_647, "9999999999:"],
  ])("refuses more than %i bytes", (limit, text) => {
    for (const [how, chunks] of cuts(latin1(text))) {
      const { failure } = frame(engine, "splitNetstrings", chunks, { limit });
      expect(failure, how).toEqual({ error: EngineError.Limit, offset: 0 });
    }
  });

  it("takes exactly as much as the limit allows", () => {
    expect(contents("5:hello,", { limit: 5 })).toEqual(["hello"]);
    expect(read("2147483647:x", { limit: 2_147_483_647 }).frames[0]?.head).toBe(2_147_483_647);
    expect(contents("0:,", { limit: 0 })).toEqual([""]);
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = latin1("0:,".repeat(TABLE_ROWS + 2));
    engine.state.fill(0);
    engine.state[NetstringState.Limit] = 1_000;
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitNetstrings(WINDOW, bytes.length, 100_000)).toBe(TABLE_ROWS);
    const consumed = engine.results[TableResult.Consumed]!;
    expect(consumed).toBe(3 * TABLE_ROWS);
    expect(engine.splitNetstrings(WINDOW + consumed, 6, 100_000)).toBe(2);
  });

  it("returns the same however the bytes are cut", () => {
    const bytes = latin1("25:CONTENT_LENGTH\x0027\0SCGI\x001\0,0:,3:a,b,25:unfinished");
    const expected = frame(engine, "splitNetstrings", [bytes]);
    for (const [how, chunks] of cuts(bytes)) {
      expect(frame(engine, "splitNetstrings", chunks), how).toEqual(expected);
    }
  });
});
