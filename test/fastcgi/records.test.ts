import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GatewayError } from "../../src/errors.js";
import { decodeBody, type FastCgiRecord, FastCgiRecordDecoder } from "../../src/fastcgi/records.js";
import { hex } from "../bytes.js";
import { cuts } from "../cuts.js";

interface Read {
  records: FastCgiRecord[];
  code?: string;
  offset?: number | undefined;
}

function read(pieces: Iterable<Uint8Array>): Read {
  const decoder = new FastCgiRecordDecoder();
  const records: FastCgiRecord[] = [];
  try {
    for (const piece of pieces) for (const record of decoder.push(piece)) records.push(record);
    decoder.end();
    return { records };
  } catch (error) {
    const { code, offset } = error as GatewayError;
    return { records, code, offset };
  }
}

const body = (bytes: string) => {
  const [record] = read([hex(bytes)]).records;
  return decodeBody(record as FastCgiRecord);
};

describe("FastCgiRecordDecoder", () => {
  it("S3.4 yields each record's offset, header and content", () => {
    const bytes = hex(
      "01 06 0102 0003 05 00  616263 0000000000  01 03 0102 0008 00 00  0000000000000000",
    );
    for (const [how, pieces] of cuts(bytes)) {
      expect(read(pieces).records, how).toEqual([
        {
          offset: 0,
          version: 1,
          type: 6,
          requestId: 0x0102,
          contentLength: 3,
          paddingLength: 5,
          content: hex("616263"),
        },
        {
          offset: 16,
          version: 1,
          type: 3,
          requestId: 0x0102,
          contentLength: 8,
          paddingLength: 0,
          content: new Uint8Array(8),
        },
      ]);
    }
  });

  it("hands out types that FastCGI does not define", () => {
    const [record] = read([hex("01 ff 0000 0001 00 00 2a")]).records;
    expect(record?.type).toBe(255);
    expect(decodeBody(record as FastCgiRecord)).toEqual({ kind: "other", bytes: hex("2a") });
  });

  it("a version that is not 1 is malformed, after the records before it", () => {
    for (const [how, pieces] of cuts(hex("01 05 0001 0000 00 00  48 54 54 50"))) {
      const { records, code, offset } = read(pieces);
      expect([records.length, code, offset], how).toEqual([1, "malformed", 8]);
    }
  });

  it.each([
    ["in a header", "01 05 0001 0000 00 00  01 05 00", 8],
    ["in a content", "01 05 0001 0000 00 00  01 05 0001 0002 00 00 41", 8],
    ["in a padding", "01 05 0001 0001 07 00 41 00", 0],
  ])("bytes that end %s are truncated", (_, bytes, offset) => {
    expect(read([hex(bytes)])).toMatchObject({ code: "truncated", offset });
  });

  it("refuses a content beyond its limit by the header, and counts from its offset", () => {
    const bytes = hex("01 05 0001 0002 00 00 6162  01 05 0001 0003 00 00 616263");
    for (const [how, pieces] of cuts(bytes)) {
      const decoder = new FastCgiRecordDecoder({ limit: 2, offset: 100 });
      const offsets: number[] = [];
      const take = () => {
        for (const piece of pieces)
          for (const { offset } of decoder.push(piece)) offsets.push(offset);
      };
      expect(take, how).toThrow(expect.objectContaining({ code: "limit_exceeded", offset: 110 }));
      expect(offsets, how).toEqual([100]);
    }
  });

  it("takes the longest record, with the longest padding", () => {
    const bytes = new Uint8Array(8 + 65_535 + 255).fill(0x61);
    bytes.set(hex("01 06 0001 ffff ff 00"));
    expect(read([bytes]).records.map(({ content }) => content.length)).toEqual([65_535]);
  });

  it("never hangs nor crashes on hostile bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { records, code } = read([bytes]);
        for (const record of records) {
          try {
            decodeBody(record);
          } catch (error) {
            expect((error as GatewayError).name).toBe("GatewayError");
          }
        }
        const end = records.reduce(
          (at, each) => at + 8 + each.contentLength + each.paddingLength,
          0,
        );
        expect(code === undefined).toBe(end === bytes.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("S3.5 decodeBody", () => {
  it.each([
    [
      "BEGIN_REQUEST",
      "01 01 0001 0008 00 00  0003 01 0000000000",
      { kind: "begin-request", role: 3, flags: 1, keepConnection: true },
    ],
    ["ABORT_REQUEST", "01 02 0001 0000 00 00", { kind: "abort-request" }],
    [
      "END_REQUEST, whose reserved bytes php-fpm leaves as they were",
      "01 03 0001 0008 00 00  fedcba98 02 5b7b22",
      { kind: "end-request", appStatus: 0xfedcba98, protocolStatus: 2 },
    ],
    ["PARAMS", "01 04 0001 0001 00 00 41", { kind: "params", bytes: hex("41"), ends: false }],
    ["STDIN", "01 05 0001 0000 00 00", { kind: "stdin", bytes: hex(""), ends: true }],
    ["STDOUT", "01 06 0001 0001 00 00 41", { kind: "stdout", bytes: hex("41"), ends: false }],
    ["STDERR", "01 07 0001 0000 00 00", { kind: "stderr", bytes: hex(""), ends: true }],
    ["DATA", "01 08 0001 0001 00 00 41", { kind: "data", bytes: hex("41"), ends: false }],
    [
      "GET_VALUES",
      "01 09 0000 0006 00 00  01 00 41  01 00 42",
      { kind: "get-values", names: ["A", "B"] },
    ],
    [
      "GET_VALUES_RESULT",
      "01 0a 0000 0004 00 00  01 01 41 31",
      { kind: "get-values-result", values: [["A", "1"]] },
    ],
    ["UNKNOWN_TYPE", "01 0b 0000 0008 00 00 3200000000000000", { kind: "unknown-type", type: 50 }],
  ])("%s", (_, bytes, expected) => {
    expect(body(bytes)).toEqual(expected);
  });

  it.each([
    ["BEGIN_REQUEST of 7 bytes", "01 01 0001 0007 00 00  00010000000000", "malformed"],
    ["END_REQUEST of 9 bytes", "01 03 0001 0009 00 00  000000000000000000", "malformed"],
    ["UNKNOWN_TYPE of 0 bytes", "01 0b 0000 0000 00 00", "malformed"],
    ["GET_VALUES that ends inside a pair", "01 09 0000 0002 00 00 0500", "truncated"],
    ["GET_VALUES_RESULT with huge lengths", "01 0a 0000 0008 00 00 ffffffffffffffff", "malformed"],
  ])("%s is refused", (_, bytes, code) => {
    expect(() => body(bytes)).toThrow(expect.objectContaining({ code, offset: 0 }));
  });
});
