import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputDescriber } from "../../src/describe/cgi.js";
import { createDescriber } from "../../src/describe/create-describer.js";
import { excerpt } from "../../src/describe/describer.js";
import { ErrorCode } from "../../src/errors.js";

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/wire/${name}.bin`, import.meta.url));

/** All lines, the bytes given in pieces of `size`. */
function lines(bytes: Uint8Array, size = bytes.length): string[] {
  const describer = createDescriber({ bytes: 24 });
  const all: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    all.push(...describer.push(bytes.subarray(at, at + size)));
  }
  return [...all, ...describer.end()];
}

describe("FastCGI records", () => {
  it("have their offset, type, id, lengths and fields", () => {
    const bytes = hex(
      `01 01 0001 0008 00 00 0001 01 0000000000
       01 04 0001 0008 00 00 01 05 41 68656c6c6f
       01 04 0001 0000 00 00
       01 05 0001 0003 05 00 0a221b 0000000000
       01 03 0001 0008 00 00 00000007 02 000000
       01 0c 0000 0001 00 00 ff`,
    );
    expect(lines(bytes)).toEqual([
      "       0  BEGIN_REQUEST      id 1  content 8  padding 0  role 1 (responder)  flags 1 (KEEP_CONN)",
      "      16  PARAMS             id 1  content 8  padding 0",
      "            A = hello",
      "      32  PARAMS             id 1  content 0  padding 0  end of stream",
      '      40  STDIN              id 1  content 3  padding 5  "\\n\\"\\x1b"',
      "      56  END_REQUEST        id 1  content 8  padding 0  appStatus 7  protocolStatus 2 (OVERLOADED)",
      '      72  type 12            id 0  content 1  padding 0  "\\xff"',
    ]);
  });

  it("show a variable with the record that completes it", () => {
    const bytes = hex("01 04 0001 0004 00 00 0105 41 68  01 04 0001 0004 00 00 656c6c6f");
    expect(lines(bytes).map((line) => line.trim())).toEqual([
      "0  PARAMS             id 1  content 4  padding 0",
      "12  PARAMS             id 1  content 4  padding 0",
      "A = hello",
    ]);
  });

  it("of which one is malformed, are all shown, and end as an error with the offset", () => {
    const bytes = hex("01 03 0001 0002 00 00 6162  01 06 0001 0001 00 00 78");
    const describer = createDescriber({ bytes: 24 });
    const told = [...describer.push(bytes)];
    expect(told[1]?.trim()).toBe(
      "wrong: the record at byte 0 needs a content of 8 bytes and has 2",
    );
    expect(told[2]).toContain("STDOUT");
    expect(() => [...describer.end()]).toThrow(
      expect.objectContaining({ code: ErrorCode.Malformed, offset: 0 }),
    );
  });

  it("that stop inside a record are truncated, at its offset", () => {
    const bytes = hex("01 06 0001 0001 00 00 78  01 06 0001 0004 00 00 78");
    const describer = createDescriber({ bytes: 24 });
    expect([...describer.push(bytes)]).toHaveLength(1);
    expect(() => [...describer.end()]).toThrow(
      expect.objectContaining({ code: ErrorCode.Truncated, offset: 9 }),
    );
  });
});

describe("captured connections", () => {
  it.each([
    ["apache-fpm--post--001.c2s", /BEGIN_REQUEST.*responder/, /STDIN.*end of stream/],
    ["apache-fpm--post--001.s2c", /STDOUT.*"X-Powered-By/, /END_REQUEST.*REQUEST_COMPLETE/],
    ["apache-scgi--post--001.c2s", /netstring +655 bytes {2}25 headers/, /body +11 bytes/],
    ["apache-scgi--post--001.s2c", /response head +86 bytes {2}status 200 OK/, /body +985 bytes/],
    [
      "apache-uwsgi--post--001.c2s",
      /packet.*modifier1 0 {2}modifier2 0 {2}26 var/,
      /body +11 bytes/,
    ],
    ["apache-uwsgi--post--001.s2c", /response head +88 bytes {2}status 200 OK/, /body +1020 bytes/],
  ])("%s is recognised, however it is cut", (name, first, last) => {
    const bytes = fixture(name);
    const whole = lines(bytes);
    expect(whole[0]).toMatch(first);
    expect(whole.at(-1)).toMatch(last);
    for (const size of [1, 5, 64]) expect(lines(bytes, size)).toEqual(whole);
  });
});

describe("what is not a protocol", () => {
  it("is refused by its first byte", () => {
    expect(() => lines(hex("ff00"))).toThrow(/starts with the byte 255/);
    expect(() => lines(hex("16030100"))).toThrow(/are TLS/);
    expect(() => lines(hex(""))).toThrow(/no bytes/);
  });

  it("is read as the given protocol", () => {
    const describer = createDescriber({ protocol: "fcgi" });
    expect(() => [...describer.push(hex("0206000100000000"))]).toThrow(
      expect.objectContaining({ code: ErrorCode.Malformed, offset: 0 }),
    );
  });

  it("is a body that is shorter or longer than its length", () => {
    const scgi = (body: string) => Buffer.from(`24:CONTENT_LENGTH\x003\x00SCGI\x001\x00,${body}`);
    expect(() => lines(scgi("ab"))).toThrow(expect.objectContaining({ code: ErrorCode.Truncated }));
    expect(() => lines(scgi("abcd"))).toThrow(
      expect.objectContaining({ code: ErrorCode.Malformed, offset: 31 }),
    );
    expect(lines(scgi("abc")).at(-1)).toBe('      28  body              3 bytes  "abc"');
  });
});

it("an excerpt is printable ASCII, and counts the bytes that it omits", () => {
  expect(excerpt(Buffer.from('a\\"\t\r\n\x00ü'), 99)).toBe('"a\\\\\\"\\t\\r\\n\\x00\\xc3\\xbc"');
  expect(excerpt(Buffer.from("abcdef"), 2)).toBe('"ab"… and 4 more');
});

it("shows what a CGI program reads, piece by piece", () => {
  const describer = new InputDescriber(4);
  const lines = ["one\n", "two, three"].flatMap((text) => [...describer.push(Buffer.from(text))]);
  expect(lines).toEqual([
    '       0  body              4 bytes  "one\\n"',
    '       4  body              10 bytes  "two,"… and 6 more',
  ]);
  expect([...describer.end()]).toEqual([]);
});
