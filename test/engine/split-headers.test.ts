import { describe, expect, it } from "vitest";
import { EngineError, TABLE_ROWS, TableResult, WINDOW } from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { latin1 } from "./bytes.js";
import { split } from "./drive-split.js";
import { engines } from "./engines.js";

describe.each(engines)("splitHeaders, %s", (_, engine) => {
  const read = (text: string) => split(engine, "splitHeaders", [latin1(text)]);

  it("splits the request of the SCGI specification", () => {
    const text =
      "CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0";
    expect(read(text)).toMatchObject({
      pairs: [
        ["CONTENT_LENGTH", "27"],
        ["SCGI", "1"],
        ["REQUEST_METHOD", "POST"],
        ["REQUEST_URI", "/deepthought"],
      ],
      consumed: text.length,
    });
  });

  it.each([1, 15, 16, 17, 31, 32, 33, 100])("finds NULs after %i bytes", (length) => {
    const name = "n".repeat(length);
    const value = "v".repeat(length - 1);
    expect(read(`${name}\0${value}\0${name}\0\0`).pairs).toEqual([
      [name, value],
      [name, ""],
    ]);
  });

  it("stops before an incomplete header", () => {
    expect(read("A\0B\0NAME\0val")).toMatchObject({ pairs: [["A", "B"]], consumed: 4 });
    expect(read("NAME")).toMatchObject({ pairs: [], consumed: 0 });
    expect(read("NAME\0")).toMatchObject({ pairs: [], consumed: 0 });
  });

  it("does not take a NUL that follows its bytes", () => {
    engine.memory.set(latin1("A\0B\0"), WINDOW);
    expect(engine.splitHeaders(WINDOW, 3)).toBe(0);
  });

  it("refuses an empty name as soon as it is seen", () => {
    for (const [how, chunks] of cuts(latin1("A\0B\0\0value\0"))) {
      expect(split(engine, "splitHeaders", chunks).failure, how).toEqual({
        error: EngineError.EmptyName,
        offset: 4,
      });
    }
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = latin1("a\0\0".repeat(TABLE_ROWS + 1));
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitHeaders(WINDOW, bytes.length)).toBe(TABLE_ROWS);
    expect(engine.results[TableResult.Consumed]).toBe(3 * TABLE_ROWS);
  });

  it("returns the same however the bytes are cut", () => {
    const bytes = latin1(
      "CONTENT_LENGTH\x000\0SCGI\x001\0EMPTY\0\0HTTP_HOST\0localhost\0unfinished\0",
    );
    const expected = split(engine, "splitHeaders", [bytes]);
    expect(expected.pairs).toHaveLength(4);
    for (const [how, chunks] of cuts(bytes)) {
      expect(split(engine, "splitHeaders", chunks), how).toEqual(expected);
    }
  });
});
