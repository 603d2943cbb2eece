import { describe, expect, it } from "vitest";
import {
  EngineError,
  RecordRow,
  TABLE_ROWS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { hex, join, latin1, RecordType, record } from "./bytes.js";
import { demultiplexConnection } from "./drive.js";
import { engines } from "./engines.js";

const { BeginRequest, Params, Stdin, Stdout, Stderr, EndRequest, UnknownType } = RecordType;
const begin = (requestId: number) => record(BeginRequest, requestId, hex("0001 00 0000000000"));

describe.each(engines)("demultiplexConnection, %s", (_, engine) => {
  it("writes a row for each record, even an empty one", () => {
    const bytes = join(begin(1), record(Params, 1, hex("")), record(Stdin, 1, hex("")));
    expect(demultiplexConnection(engine, [bytes])).toMatchObject({
      rows: [
        {
          type: BeginRequest,
          requestId: 1,
          content: "\0\x01\0\0\0\0\0\0",
          begins: true,
          ends: true,
        },
        { type: Params, requestId: 1, content: "", begins: true, ends: true },
        { type: Stdin, requestId: 1, content: "", begins: true, ends: true },
      ],
      records: 3,
    });
  });

  it("joins a run of records of one stream, and nothing else", () => {
    const bytes = join(
      record(Stdout, 1, latin1("one ")),
      record(Stdout, 1, latin1("and one")),
      record(Stdout, 2, latin1("two")),
      record(Stderr, 2, latin1("three")),
      record(Stdout, 1, latin1("four")),
      record(Stdout, 1, hex("")),
      record(Stdout, 1, latin1("five")),
    );
    const { rows, records } = demultiplexConnection(engine, [bytes]);
    expect(rows.map(({ type, requestId, content }) => [type, requestId, content])).toEqual([
      [Stdout, 1, "one and one"],
      [Stdout, 2, "two"],
      [Stderr, 2, "three"],
      [Stdout, 1, "four"],
      [Stdout, 1, ""],
      [Stdout, 1, "five"],
    ]);
    expect(records).toBe(7);
  });

  it.each([1, 8, 15, 16, 17, 100, 600])("joins runs of records of %i bytes", (length) => {
    const contents = Array.from({ length: 9 }, (_, index) =>
      new Uint8Array(length).fill(65 + index),
    );
    const bytes = join(...contents.map((content) => record(Stdin, 1, content)), begin(2));
    const { rows } = demultiplexConnection(engine, [bytes]);
    expect(rows).toHaveLength(2);
    expect(latin1(rows[0]?.content ?? "")).toEqual(join(...contents));
    expect(rows[0]).toMatchObject({ begins: true, ends: true });
  });

  it("does not join records of other types than streams", () => {
    const one = record(UnknownType, 0, hex("63 00000000000000"));
    expect(demultiplexConnection(engine, [join(one, one)]).rows).toHaveLength(2);
  });

  it("gives a record of type 0 and request 0 a row of its own", () => {
    const odd = record(0, 0, latin1("odd"));
    const { rows } = demultiplexConnection(engine, [
      join(odd, odd, record(Stdout, 0, latin1("x"))),
    ]);
    expect(rows.map(({ type, content }) => [type, content])).toEqual([
      [0, "odd"],
      [0, "odd"],
      [Stdout, "x"],
    ]);
  });

  it("marks the pieces with which a record begins and ends", () => {
    const bytes = record(Stdin, 1, latin1("abcdef"), 2);
    const flags = (from: number, to: number) => {
      engine.memory.set(bytes.subarray(from, to), WINDOW);
      const rows = engine.demultiplexConnection(WINDOW, to - from);
      return rows === 0 ? undefined : engine.table[RecordRow.Type]! >> 8;
    };
    engine.state.fill(0);
    expect(flags(0, 8)).toBeUndefined();
    expect(flags(8, 10)).toBe(1);
    expect(flags(10, 12)).toBe(0);
    expect(flags(12, 14)).toBe(2);
    expect(flags(14, 16)).toBeUndefined();
  });

  it("does not end a run at a piece of an incomplete record", () => {
    const bytes = join(record(Stdin, 1, latin1("whole")), record(Stdin, 1, latin1("in two")));
    engine.state.fill(0);
    engine.memory.set(bytes, WINDOW);
    expect(engine.demultiplexConnection(WINDOW, 26)).toBe(1);
    expect(engine.table[RecordRow.Type]! >> 8).toBe(1);
  });

  it.each([BeginRequest, EndRequest])("refuses type %i unless it has 8 bytes", (type) => {
    const bytes = join(begin(3), record(type, 1, latin1("7 bytes")));
    for (const [how, chunks] of cuts(bytes)) {
      expect(demultiplexConnection(engine, chunks).failure, how).toEqual({
        error: EngineError.BodyLength,
        offset: 16,
      });
    }
  });

  it("refuses a version that is not 1", () => {
    const bytes = join(begin(3), record(Stdin, 3, latin1("x"), 0, 0x16));
    for (const [how, chunks] of cuts(bytes)) {
      expect(demultiplexConnection(engine, chunks).failure, how).toEqual({
        error: EngineError.Version,
        offset: 16,
      });
    }
  });

  it("has a row for every record that fits into the window and the state", () => {
    const empty = record(Stdin, 1, hex(""));
    const many = join(...Array.from({ length: TABLE_ROWS }, () => empty));
    engine.state.fill(0);
    engine.memory.set(empty.subarray(0, 7), WINDOW);
    engine.demultiplexConnection(WINDOW, 7);
    engine.memory.set(many.subarray(7), WINDOW);
    engine.memory.set(empty.subarray(0, 7), WINDOW + WINDOW_SIZE - 7);
    expect(engine.demultiplexConnection(WINDOW, WINDOW_SIZE)).toBe(TABLE_ROWS);
    expect(engine.results[TableResult.Consumed]).toBe(WINDOW_SIZE);
  });

  it("returns the same rows however the bytes are cut", () => {
    const bytes = join(
      begin(1),
      record(Params, 1, latin1("one pair"), 7),
      begin(515),
      record(Params, 515, latin1("another")),
      record(Params, 515, latin1(", more of it"), 0),
      record(Params, 1, hex(""), 255),
      record(Params, 515, hex("")),
      record(Stdin, 1, latin1("input"), 0),
      record(Stdin, 1, latin1("goes on"), 0),
      record(UnknownType, 0, hex("0c 00000000000000")),
      record(EndRequest, 1, hex("00000001 00 000000"), 1),
    );
    const expected = demultiplexConnection(engine, [bytes]);
    expect(expected.rows).toHaveLength(9);
    expect(expected.records).toBe(11);
    for (const [how, chunks] of cuts(bytes)) {
      expect(demultiplexConnection(engine, chunks), how).toEqual(expected);
    }
  });
});
