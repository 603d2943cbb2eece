import { describe, expect, it } from "vitest";
import { EngineError, TABLE_ROWS, TableResult, WINDOW } from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { hex, join, latin1 } from "./bytes.js";
import { result } from "./drive.js";
import { split } from "./drive-split.js";
import { engines } from "./engines.js";

describe.each(engines)("splitPairs, %s", (_, engine) => {
  it("reads the four forms of lengths (FastCGI 1.0 §3.4)", () => {
    const long = "v".repeat(200);
    const bytes = join(
      hex("01 01 61 62"),
      join(hex("01 800000c8 61"), latin1(long)),
      join(hex("800000c8 01"), latin1(long), latin1("b")),
      join(hex("800000c8 800000c8"), latin1(long), latin1(long)),
    );
    expect(split(engine, "splitPairs", [bytes]).pairs).toEqual([
      ["a", "b"],
      ["a", long],
      [long, "b"],
      [long, long],
    ]);
  });

  it("reads long lengths that would have fit one byte", () => {
    expect(split(engine, "splitPairs", [hex("80000001 80000000 61")]).pairs).toEqual([["a", ""]]);
  });

  it.each([127, 128])("reads names and values of %i bytes", (length) => {
    const size = length < 128 ? hex("7f") : hex("80000080");
    const name = "n".repeat(length);
    const bytes = join(size, size, latin1(name + name));
    expect(split(engine, "splitPairs", [bytes]).pairs).toEqual([[name, name]]);
  });

  it("keeps order, duplicates, empty names and empty values", () => {
    const bytes = hex("00 00  01 00 61  01 01 61 62  00 01 7a  01 00 61");
    expect(split(engine, "splitPairs", [bytes]).pairs).toEqual([
      ["", ""],
      ["a", ""],
      ["a", "b"],
      ["", "z"],
      ["a", ""],
    ]);
  });

  it("stops before an incomplete pair, and returns its size", () => {
    const bytes = hex("01 01 61 62  04 80000100 6e616d");
    expect(split(engine, "splitPairs", [bytes])).toMatchObject({
      pairs: [["a", "b"]],
      consumed: 4,
      needed: 1 + 4 + 4 + 256,
    });
  });

  it.each(["80", "800000", "80000001", "01", "01 80", "01 800000"])(
    "does not know the size of a pair of which there is %s",
    (start) => {
      const { consumed, needed } = split(engine, "splitPairs", [hex(start)]);
      expect({ consumed, needed }).toEqual({ consumed: 0, needed: 0 });
    },
  );

  it("returns the size of a pair of 31-bit lengths as unsigned", () => {
    const { needed } = split(engine, "splitPairs", [hex("ffffffff fffffff8")]);
    expect(needed).toBe(8 + 0x7fffffff + 0x7ffffff8);
  });

  it("refuses lengths whose sum needs more than 32 bits", () => {
    const bytes = hex("01 01 61 62  ffffffff fffffff9");
    for (const [how, chunks] of cuts(bytes)) {
      expect(split(engine, "splitPairs", chunks).failure, how).toEqual({
        error: EngineError.Overflow,
        offset: 4,
      });
    }
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = new Uint8Array(2 * (TABLE_ROWS + 3));
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitPairs(WINDOW, bytes.length)).toBe(TABLE_ROWS);
    expect(result(engine, TableResult.Consumed)).toBe(2 * TABLE_ROWS);
    expect(result(engine, TableResult.Needed)).toBe(0);
    expect(engine.splitPairs(WINDOW + 2 * TABLE_ROWS, 6)).toBe(3);
  });

  it("returns the same pairs however the bytes are cut", () => {
    const bytes = hex("03 02 616263 6465  00 00  80000001 01 66 67  02 80000003 6869 6a6b6c");
    const expected = split(engine, "splitPairs", [bytes]);
    expect(expected.pairs).toHaveLength(4);
    for (const [how, chunks] of cuts(bytes)) {
      expect(split(engine, "splitPairs", chunks), how).toEqual(expected);
    }
  });
});
