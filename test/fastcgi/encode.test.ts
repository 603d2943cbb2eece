import { describe, expect, it } from "vitest";
import type { Variable } from "../../src/cgi/variables.js";
import {
  encodeAbortRequest,
  encodeBeginRequest,
  encodeEndRequest,
  encodeGetValues,
  encodeGetValuesResult,
  encodePairs,
  encodeParams,
  encodeRecord,
  encodeUnknownType,
  endOfStream,
  paddingFor,
  streamRecords,
} from "../../src/fastcgi/encode.js";
import { KEEP_CONN, MAX_SENT_LENGTH, RecordType, Role } from "../../src/fastcgi/protocol.js";
import { hex } from "../bytes.js";
import { plainRecords } from "../captures/plain.js";
import { bodiesOf, join } from "./records-of.js";

const variables: Variable[] = [
  ["SCRIPT_NAME", "/status"],
  ["SCRIPT_FILENAME", "/status"],
  ["QUERY_STRING", ""],
  ["REQUEST_METHOD", "GET"],
];

describe("records", () => {
  it("S0.2: BEGIN_REQUEST of a responder, without KEEP_CONN", () => {
    expect(encodeBeginRequest(1, Role.Responder)).toEqual(
      hex("01 01 0001 0008 00 00  0001 00 0000000000"),
    );
  });

  it("PARAMS of four variables are 77 bytes, three zeros, and the end of the stream", () => {
    expect(encodeParams(1, variables, 1_000)).toEqual(
      hex(`01 04 0001 004d 03 00
           0b 07 5343524950545f4e414d45 2f737461747573
           0f 07 5343524950545f46494c454e414d45 2f737461747573
           0c 00 51554552595f535452494e47
           0e 03 524551554553545f4d4554484f44 474554
           000000
           01 04 0001 0000 00 00`),
    );
  });

  it("BEGIN_REQUEST of the other roles and flags", () => {
    expect(encodeBeginRequest(0xabcd, Role.Filter, KEEP_CONN)).toEqual(
      hex("01 01 abcd 0008 00 00  0003 01 0000000000"),
    );
    expect(encodeBeginRequest(2, Role.Authorizer)).toEqual(
      hex("01 01 0002 0008 00 00  0002 00 0000000000"),
    );
  });

  it("ABORT_REQUEST, END_REQUEST and UNKNOWN_TYPE", () => {
    expect(encodeAbortRequest(3)).toEqual(hex("01 02 0003 0000 00 00"));
    expect(encodeEndRequest(3, 0xfedcba98, 2)).toEqual(
      hex("01 03 0003 0008 00 00  fedcba98 02 000000"),
    );
    expect(encodeUnknownType(50)).toEqual(hex("01 0b 0000 0008 00 00  32 00000000000000"));
  });

  it("of every type have an encoder", () => {
    const { Stdin, Stdout, Stderr, Data } = RecordType;
    const sent = join(
      encodeBeginRequest(1, Role.Filter),
      encodeAbortRequest(1),
      encodeEndRequest(1, 0, 0),
      encodeParams(1, [], 0),
      ...[Stdin, Stdout, Stderr, Data].flatMap((type) => streamRecords(type, 1, hex("61"))),
      encodeGetValues([]),
      encodeGetValuesResult([]),
      encodeUnknownType(12),
    );
    expect(plainRecords(sent).map(({ type }) => type)).toEqual(Object.values(RecordType));
  });

  it("GET_VALUES and GET_VALUES_RESULT have the id 0", () => {
    expect(encodeGetValues(["A", "B"])).toEqual(
      hex("01 09 0000 0006 02 00  01 00 41  01 00 42  0000"),
    );
    expect(encodeGetValuesResult([["A", "1"]])).toEqual(
      hex("01 0a 0000 0004 04 00  01 01 41 31  00000000"),
    );
    const names = Array.from({ length: 1_000 }, (_, at) => `${at}`.padStart(66, "A"));
    expect(() => encodeGetValues(names)).toThrow(RangeError);
  });

  it("the end of a stream is a record without content", () => {
    expect(endOfStream(RecordType.Stdin, 1)).toEqual(hex("01 05 0001 0000 00 00"));
  });

  it("S0.21: padding brings every record to a multiple of 8, with zeros", () => {
    for (let length = 0; length <= 17; length++) {
      const record = encodeRecord(RecordType.Stdout, 1, new Uint8Array(length).fill(0xff));
      expect(record.length % 8).toBe(0);
      expect(record[6]).toBe(paddingFor(length));
      expect(record.length).toBe(8 + length + paddingFor(length));
      expect(record.subarray(8 + length).every((byte) => byte === 0)).toBe(true);
    }
    expect(paddingFor(77)).toBe(3);
  });

  it("content and padding never pass 65,535", () => {
    expect(encodeRecord(6, 1, new Uint8Array(MAX_SENT_LENGTH)).length).toBe(65_536);
    expect(() => encodeRecord(6, 1, new Uint8Array(MAX_SENT_LENGTH + 1))).toThrow(RangeError);
  });

  it("a long piece of a stream becomes several records, and no bytes become none", () => {
    const content = Uint8Array.from({ length: 2 * MAX_SENT_LENGTH + 5 }, (_, at) => at);
    const sent = join(...streamRecords(RecordType.Stdout, 7, content));
    const bodies = bodiesOf(sent);
    expect(bodies.map(([id, body]) => [id, "bytes" in body && body.bytes.length])).toEqual([
      [7, MAX_SENT_LENGTH],
      [7, MAX_SENT_LENGTH],
      [7, 5],
    ]);
    expect(sent.length % 8).toBe(0);
    const drawn = join(...bodies.map(([, body]) => ("bytes" in body ? body.bytes : hex(""))));
    expect(Buffer.compare(drawn, content)).toBe(0);
    expect(streamRecords(RecordType.Stdout, 7, new Uint8Array(0))).toEqual([]);
  });

  it("the content of a stream is not copied", () => {
    const content = new Uint8Array(66_001);
    const parts = streamRecords(RecordType.Stdin, 1, content);
    expect(parts.map(({ length }) => length)).toEqual([8, 65_528, 8, 473, 7]);
    const [, first, , second, padding] = parts;
    expect(first?.buffer).toBe(content.buffer);
    expect(second?.buffer).toBe(content.buffer);
    expect(padding).toEqual(new Uint8Array(7));
  });

  it("its padding is not shared: a user may transfer it", () => {
    const records = () => streamRecords(RecordType.Stdin, 1, new Uint8Array(473));
    const transfer = records().map(({ buffer }) => buffer as ArrayBuffer);
    structuredClone(transfer, { transfer });
    expect(records().map(({ length }) => length)).toEqual([8, 473, 7]);
  });

  it("but for a short one, which is one part with its header and padding", () => {
    const content = new Uint8Array(65_536).fill(7);
    const parts = streamRecords(RecordType.Stdin, 1, content);
    expect(parts.map(({ length }) => length)).toEqual([8, 65_528, 16]);
    expect(parts[2]).toEqual(encodeRecord(RecordType.Stdin, 1, content.subarray(0, 8)));
    const lengths = [1, 56, 57].map((length) =>
      streamRecords(RecordType.Stdin, 1, new Uint8Array(length)).map((part) => part.length),
    );
    expect(lengths).toEqual([[16], [64], [8, 57, 7]]);
  });
});

describe("name-value pairs", () => {
  it("S0.20: lengths below 128 take one byte, others four with the top bit set", () => {
    const at = (name: number, value: number) =>
      Buffer.from(encodePairs([["n".repeat(name), "v".repeat(value)]]).subarray(0, 8)).toString(
        "hex",
      );
    expect(at(127, 127)).toMatch(/^7f7f6e/);
    expect(at(127, 128)).toMatch(/^7f800000806e/);
    expect(at(128, 127)).toMatch(/^800000807f6e/);
    expect(at(128, 128)).toBe("8000008080000080");
    expect(at(1, 65_536)).toMatch(/^01800100006e/);
  });

  it("S0.20: lengths count bytes: UTF-8 for text, bytes as they are", () => {
    expect(encodePairs([["é", "ü€"]])).toEqual(hex("02 05 c3a9 c3bc e282ac"));
    expect(encodePairs([["A", hex("ff 00 80")]])).toEqual(hex("01 03 41 ff0080"));
  });

  it("order and duplicates stay", () => {
    expect(
      encodePairs([
        ["A", "1"],
        ["B", ""],
        ["A", "2"],
      ]),
    ).toEqual(hex("0101 41 31  0100 42  0101 41 32"));
  });

  it("PARAMS break between pairs, never inside one", () => {
    const variables = Array.from(
      { length: 40 },
      (_, at): Variable => [`V${at}`, "x".repeat(5_000)],
    );
    const bodies = bodiesOf(encodeParams(1, variables, 1_000_000));
    expect(bodies.length).toBe(5);
    for (const [, body] of bodies.slice(0, -1)) {
      const content = "bytes" in body ? body.bytes : hex("");
      let at = 0;
      // Each record is whole pairs of a one-byte and a four-byte length.
      while (at < content.length) at += 5 + content[at]! + 5_000;
      expect(at).toBe(content.length);
    }
    expect(bodies.at(-1)).toEqual([1, { kind: "params", bytes: hex(""), ends: true }]);
  });

  it("no variables are an empty stream", () => {
    expect(encodeParams(1, [], 0)).toEqual(hex("01 04 0001 0000 00 00"));
  });

  it("a pair that does not fit in a record is refused, and named", () => {
    const most = MAX_SENT_LENGTH - 6;
    expect(() => encodeParams(1, [["N", "x".repeat(most)]], 1_000_000)).not.toThrow();
    expect(() => encodeParams(1, [["N", "x".repeat(most + 1)]], 1_000_000)).toThrow(
      expect.objectContaining({
        code: "limit_exceeded",
        message: expect.stringContaining("the variable N takes 65529 bytes"),
      }),
    );
  });

  it("more than the limit is refused", () => {
    expect(() => encodeParams(1, variables, 77)).not.toThrow();
    expect(() => encodeParams(1, variables, 76)).toThrow(
      expect.objectContaining({ code: "limit_exceeded" }),
    );
  });
});
