import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import type { GatewayError } from "../../src/errors.js";
import { ConnectionDecoder } from "../../src/fastcgi/connection-decoder.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { hex } from "../bytes.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { begin, endStdin, join, record } from "./records-of.js";

/** Content by record, pieces and runs drawn together: what does not depend on the cut. */
function streams(engine: Engine, pieces: Iterable<Uint8Array>): string[] {
  const seen: string[] = [];
  let open = "";
  const decoder = new ConnectionDecoder((piece) => {
    const { start, length, type, requestId } = piece;
    const content = Buffer.from(engine.memory.subarray(start, start + length)).toString("latin1");
    const key = `${requestId} ${type} `;
    const isStream = type >= RecordType.Params && type <= RecordType.Data;
    const continues = isStream ? open === key && length > 0 : !piece.begins;
    if (continues) seen.push(`${seen.pop()}${content}`);
    else seen.push(`${key}${content}`);
    open = length > 0 ? key : "";
  }, engine);
  for (const piece of pieces) decoder.push(piece);
  return seen;
}

describe.each(engines)("ConnectionDecoder on the %s engine", (_, engine) => {
  it("separates requests and types, and joins records of one stream", () => {
    const bytes = join(
      begin(1),
      record(RecordType.Stdin, 1, "ab"),
      record(RecordType.Stdin, 1, "cd"),
      record(RecordType.Stdin, 3, "ef"),
      record(RecordType.Stdin, 1, "gh"),
      endStdin(1),
      record(99, 3, "?"),
    );
    for (const [how, pieces] of cuts(bytes)) {
      expect(streams(engine, pieces), how).toEqual([
        "1 1 \0\x01\x01\0\0\0\0\0",
        "1 5 abcd",
        "3 5 ef",
        "1 5 gh",
        "1 5 ",
        "3 99 ?",
      ]);
    }
  });

  it("takes a record of type 0 and id 0 for what it is, also in front of all others", () => {
    const bytes = join(record(0, 0, "abc"), record(0, 0, "def"), record(0, 1, "ghi"));
    for (const [how, pieces] of cuts(bytes)) {
      const before = engine.memory.slice(1_024, 65_536);
      expect(streams(engine, pieces), how).toEqual(["0 0 abc", "0 0 def", "1 0 ghi"]);
      expect(Buffer.compare(engine.memory.subarray(1_024, 65_536), before)).toBe(0);
    }
  });

  it("says where a record's content begins and ends", () => {
    const seen: string[] = [];
    const decoder = new ConnectionDecoder(({ begins, ends, length }) => {
      seen.push(`${begins ? "[" : ""}${length}${ends ? "]" : ""}`);
    }, engine);
    for (const part of ["01 05 0001 0005 00", "00 61", "6263", "6465"]) decoder.push(hex(part));
    expect(seen).toEqual(["[1", "2", "2]"]);
  });

  it("counts records, and knows whether it is between two", () => {
    const decoder = new ConnectionDecoder(() => {}, engine);
    decoder.push(join(begin(1), endStdin(1)));
    expect([decoder.records, decoder.received, decoder.atBoundary]).toEqual([2, 24, true]);
    decoder.push(hex("01"));
    expect([decoder.records, decoder.received, decoder.atBoundary]).toEqual([2, 25, false]);
  });

  it("lets the receiver of a piece use the engine", () => {
    const bytes = join(...Array.from({ length: 50 }, (__, id) => record(5, id + 1, `body ${id}`)));
    const seen: string[] = [];
    const decoder = new ConnectionDecoder(({ start, length }) => {
      seen.push(Buffer.from(engine.memory.subarray(start, start + length)).toString());
      engine.splitPairs(start, length);
      engine.splitLines(start, length, 1);
    }, engine);
    decoder.push(bytes);
    expect(seen).toEqual(Array.from({ length: 50 }, (__, id) => `body ${id}`));
  });

  it("keeps its state to itself: two connections take turns on one engine", () => {
    const bytes = join(begin(1), record(RecordType.Stdin, 1, "hello"), endStdin(1));
    const seen: string[][] = [[], []];
    const decoders = seen.map(
      (list) =>
        new ConnectionDecoder(({ start, length }) => {
          list.push(Buffer.from(engine.memory.subarray(start, start + length)).toString("latin1"));
        }, engine),
    );
    for (const byte of bytes) for (const decoder of decoders) decoder.push(Uint8Array.of(byte));
    expect(seen[0]?.join("")).toBe("\0\x01\x01\0\0\0\0\0hello");
    expect(seen[1]).toEqual(seen[0]);
  });

  it.each([
    ["a version that is not 1", "02 05 0001 0000 00 00", "no FastCGI record at byte 16"],
    ["a BEGIN_REQUEST of 7 bytes", "01 01 0001 0007 00 00 00", "at byte 16 needs a content of 8"],
    ["an END_REQUEST of no bytes", "01 03 0001 0000 00 00", "at byte 16 needs a content of 8"],
  ])("refuses %s with its place in the connection", (__, bad, message) => {
    for (const [how, pieces] of cuts(join(begin(1), hex(bad)))) {
      const decoder = new ConnectionDecoder(() => {}, engine);
      const feed = () => {
        for (const piece of pieces) decoder.push(piece);
      };
      expect(feed, how).toThrow(
        expect.objectContaining<Partial<GatewayError>>({
          code: "malformed",
          offset: 16,
          message: expect.stringContaining(message) as unknown as string,
        }),
      );
    }
  });
});
