import { describe, expect, it } from "vitest";
import { TABLE_ROWS, TableResult, WINDOW } from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { hex, join, latin1 } from "./bytes.js";
import { frame } from "./drive.js";
import { split } from "./drive-split.js";
import { engines } from "./engines.js";

describe.each(engines)("splitPackets, %s", (_, engine) => {
  it("frames packets, their header as one word", () => {
    const bytes = join(hex("00 0300 00"), latin1("abc"), hex("64 0000 01"));
    expect(frame(engine, "splitPackets", [bytes])).toMatchObject({
      frames: [
        { content: "abc", head: 0x00_0003_00, ended: true },
        { content: "", head: 0x01_0000_64, ended: true },
      ],
      complete: 2,
      consumed: 11,
    });
  });

  it("reads the size as little-endian", () => {
    const bytes = join(hex("05 0201 00"), new Uint8Array(0x0102).fill(0x61));
    expect(frame(engine, "splitPackets", [bytes])).toMatchObject({ complete: 1 });
  });

  it("keeps a header whose highest bit is set", () => {
    const { frames } = frame(engine, "splitPackets", [hex("ff 0000 ff")]);
    expect((frames[0]?.head ?? 0) >>> 0).toBe(0xff0000ff);
  });

  it("stops after as many packets as the caller wants", () => {
    const bytes = join(hex("00 0100 00 61"), latin1("the body"));
    const options = { most: 1 };
    expect(frame(engine, "splitPackets", [bytes], options)).toMatchObject({
      frames: [{ content: "a" }],
      complete: 1,
      consumed: 5,
    });
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = new Uint8Array(4 * (TABLE_ROWS + 1));
    engine.state.fill(0);
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitPackets(WINDOW, bytes.length, 100_000)).toBe(TABLE_ROWS);
    expect(engine.results[TableResult.Consumed]).toBe(4 * TABLE_ROWS);
    expect(engine.splitPackets(WINDOW, 4, 100_000)).toBe(1);
  });

  it("returns the same however the bytes are cut", () => {
    const bytes = join(
      hex("00 0500 00"),
      latin1("vars!"),
      hex("64 0000 00 01 1000 02"),
      latin1("half"),
    );
    const expected = frame(engine, "splitPackets", [bytes]);
    expect(expected.frames).toHaveLength(3);
    for (const [how, chunks] of cuts(bytes)) {
      expect(frame(engine, "splitPackets", chunks), how).toEqual(expected);
    }
  });
});

describe.each(engines)("splitVariables, %s", (_, engine) => {
  it("splits variables with 16-bit little-endian lengths", () => {
    const value = "v".repeat(0x0102);
    const bytes = join(
      hex("0300"),
      latin1("KEY"),
      hex("0201"),
      latin1(value),
      hex("0000 0000 0100 61 0000"),
    );
    expect(split(engine, "splitVariables", [bytes])).toMatchObject({
      pairs: [
        ["KEY", value],
        ["", ""],
        ["a", ""],
      ],
      consumed: bytes.length,
      needed: 0,
    });
  });

  it("stops before an incomplete variable, and returns its size if that is known", () => {
    const known = split(engine, "splitVariables", [hex("0000 0000  0100 61 ffff 62")]);
    expect(known).toMatchObject({ pairs: [["", ""]], consumed: 4, needed: 2 + 1 + 2 + 65_535 });
    for (const start of ["01", "0100", "0100 61", "0100 61 01", "ffff 61"]) {
      expect(split(engine, "splitVariables", [hex(start)])).toMatchObject({
        consumed: 0,
        needed: 0,
      });
    }
  });

  it("stops when the table is full and goes on where it stopped", () => {
    const bytes = new Uint8Array(4 * (TABLE_ROWS + 1));
    engine.memory.set(bytes, WINDOW);
    expect(engine.splitVariables(WINDOW, bytes.length)).toBe(TABLE_ROWS);
    expect(engine.results[TableResult.Consumed]).toBe(4 * TABLE_ROWS);
  });

  it("returns the same however the bytes are cut", () => {
    const bytes = hex("0100 61 0100 62  0000 0000  0200 6364 0300 656667  0100 68");
    const expected = split(engine, "splitVariables", [bytes]);
    expect(expected.pairs).toHaveLength(3);
    for (const [how, chunks] of cuts(bytes)) {
      expect(split(engine, "splitVariables", chunks), how).toEqual(expected);
    }
  });
});
