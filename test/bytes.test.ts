import { describe, expect, it } from "vitest";
import {
  ByteCollector,
  concat,
  equalBytes,
  isAscii,
  latin1,
  latin1Bytes,
  readableText,
  StreamStart,
  utf8,
  utf8Bytes,
} from "../src/bytes.js";

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

  it("are not shared: even an empty array may be transferred", () => {
    const bytes = new ByteCollector().take();
    structuredClone(bytes, { transfer: [bytes.buffer] });
    const collector = new ByteCollector();
    collector.push(all);
    expect(collector.take()).toEqual(all);
  });
});

/** A byte string: a character for each byte. */
const bytesOf = (text: string) => Buffer.from(text).toString("latin1");

describe("a byte string as people read it", () => {
  it.each(["plain", "café", "10 €", "😀", "\u00a0\u07ff\u0800\uffff\u{10000}\u{10ffff}"])(
    "is its UTF-8: %j",
    (text) => {
      expect(readableText(bytesOf(text))).toBe(text);
    },
  );

  it.each([
    ["a\xffb", "a%FFb"],
    ["\x80\xbf", "%80%BF"],
    ["caf\xe9 caf\xc3\xa9", "caf%E9 café"],
    ["control \xc2\x80\xc2\x9b", "control %C2%80%C2%9B"],
    ["cut \xf0\x9f\x98", "cut %F0%9F%98"],
    ["overlong \xc0\xaf\xe0\x80\xaf", "overlong %C0%AF%E0%80%AF"],
    ["half a pair \xed\xa0\x80", "half a pair %ED%A0%80"],
    ["beyond Unicode \xf4\x90\x80\x80", "beyond Unicode %F4%90%80%80"],
  ])("has bytes that are no UTF-8 as a URL has them: %j", (byteString, text) => {
    expect(readableText(byteString)).toBe(text);
  });
});

describe("the start of a stream", () => {
  it.each([1, 3, 8, 100])("is its first eight bytes, in pieces of %d", (size) => {
    const start = new StreamStart();
    for (let at = 0; at < all.length; at += size) start.take(all.subarray(at, at + size));
    expect(start.bytes).toEqual(all.subarray(0, 8));
    expect(start.text).toBe("\0\x01\x02\x03\x04\x05\x06\x07");
  });

  it("is what is there of a shorter one", () => {
    const start = new StreamStart();
    start.take(all.subarray(0, 2));
    start.take(all.subarray(2, 3));
    expect(start.text).toBe("\0\x01\x02");
  });
});
