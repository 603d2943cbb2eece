import { describe, expect, it } from "vitest";
import {
  ByteCollector,
  concat,
  equalBytes,
  isAscii,
  latin1,
  latin1Bytes,
  utf8,
  utf8Bytes,
} from "../../src/bytes.js";

const all = Uint8Array.from({ length: 256 }, (_, at) => at);

describe("Latin-1", () => {
  it("is ISO-8859-1, not windows-1252: byte 0x80 is U+0080", () => {
    const text = latin1(all);
    expect(Array.from(text, (char) => char.charCodeAt(0))).toEqual([...all]);
    expect(latin1Bytes(text)).toEqual(all);
  });

  it.each([0, 1, 7, 8, 9, 39, 40, 41, 100, 70_000])("has any length: %d", (length) => {
    for (const start of [0, 0x60]) {
      const bytes = Uint8Array.from({ length }, (_, at) => start + (at % 0x60));
      expect(latin1(bytes)).toBe(Buffer.from(bytes).toString("latin1"));
      expect(latin1(bytes, 1, length - 1)).toBe(
        Buffer.from(bytes.subarray(1, Math.max(1, length - 1))).toString("latin1"),
      );
    }
  });

  it("refuses characters that have no byte", () => {
    expect(() => latin1Bytes("a\u0100")).toThrow(RangeError);
  });
});

describe("UTF-8", () => {
  it.each(["", "plain", "é€😀", "\ufeffmark", "x".repeat(100)])("both ways: %j", (text) => {
    expect(utf8(utf8Bytes(text))).toBe(text);
  });

  it("replaces what is none", () => {
    expect(utf8(Uint8Array.of(0x41, 0xff, 0x42))).toBe("A\ufffdB");
    expect(utf8(Uint8Array.of(0x41, 0xff, 0x42), 2)).toBe("B");
  });
});

describe("bytes", () => {
  it("are ASCII below 0x80", () => {
    expect(isAscii(all, 0, 128)).toBe(true);
    expect(isAscii(all, 0, 129)).toBe(false);
    expect(isAscii(all, 5, 5)).toBe(true);
  });

  it("are joined and compared", () => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
    expect(concat(parts)).toEqual(Uint8Array.of(1, 2, 3));
    expect(equalBytes(concat(parts), Uint8Array.of(1, 2, 3))).toBe(true);
    expect(equalBytes(concat(parts), Uint8Array.of(1, 2, 4))).toBe(false);
    expect(equalBytes(concat(parts), Uint8Array.of(1, 2))).toBe(false);
  });

  it("are collected with texts, which are UTF-8", () => {
    const texts = ["plain", "é", "a€b", "😀", "", "x".repeat(1_000), "\ud800"];
    const collector = new ByteCollector();
    for (const text of texts) {
      collector.pushText(text);
      collector.pushByte(0);
    }
    const expected = texts.map((text) => concat([utf8Bytes(text), Uint8Array.of(0)]));
    expect(collector.take()).toEqual(concat(expected));
  });

  it("are collected in pieces, and handed out once", () => {
    const collector = new ByteCollector();
    for (let at = 0; at < 256; at++) collector.push(all.subarray(at, at + 1));
    collector.push(all);
    expect(collector.length).toBe(512);
    const bytes = collector.take();
    expect(bytes).toEqual(concat([all, all]));
    expect(collector.length).toBe(0);
    collector.push(Uint8Array.of(9));
    expect(bytes[0]).toBe(0);
  });

  it("are nobody else's: an empty array may be given away, too", () => {
    const bytes = new ByteCollector().take();
    structuredClone(bytes, { transfer: [bytes.buffer] });
    const collector = new ByteCollector();
    collector.push(all);
    expect(collector.take()).toEqual(all);
  });
});
