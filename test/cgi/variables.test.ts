import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseContentLength,
  type Variable,
  Variables,
  variableOf,
} from "../../src/cgi/variables.js";
import { bytes } from "../bytes.js";

const list: Variable[] = [
  ["A", "1"],
  ["__proto__", "2"],
  ["A", bytes("\x80\xe9")],
  ["EMPTY", ""],
];

describe("variables", () => {
  const variables = new Variables(list);

  it("keep order and duplicates", () => {
    expect([...variables]).toEqual(list);
    expect(variables.size).toBe(4);
    expect(variables.getAll("A")).toEqual(["1", "\x80\xe9"]);
  });

  it("S2.1 give the last of several", () => {
    expect(variables.get("A")).toBe("\x80\xe9");
    expect(variables.bytes("A")).toEqual(bytes("\x80\xe9"));
  });

  it("S2.7 read bytes as ISO-8859-1", () => {
    expect(new Variables([["N", bytes("caf\xc3\xa9 \x93")]]).get("N")).toBe("caf\xc3\xa9 \x93");
  });

  it("have no other names than those of the list", () => {
    expect(variables.get("constructor")).toBeUndefined();
    expect(variables.get("__proto__")).toBe("2");
    expect(variables.has("B")).toBe(false);
    expect(variables.bytes("B")).toBeUndefined();
  });

  it("distinguish empty from filled", () => {
    expect(variables.get("EMPTY")).toBe("");
    expect(variables.filled("EMPTY")).toBeUndefined();
    expect(variables.filled("__proto__")).toBe("2");
  });
});

describe("a received variable", () => {
  it("is a string in ASCII, and bytes otherwise, and a copy", () => {
    const memory = bytes("NAMEvalueNAMEv\xe4lue");
    const ascii = variableOf(memory, 0, 4, 4, 5);
    const other = variableOf(memory, 9, 4, 13, 5);
    memory.fill(0);
    expect(ascii).toEqual(["NAME", "value"]);
    expect(other).toEqual(["NAME", bytes("v\xe4lue")]);
  });

  it("has its name in UTF-8, with replacement, and its byte order mark", () => {
    expect(variableOf(bytes("\xc3\xa9"), 0, 2, 2, 0)).toEqual(["é", ""]);
    expect(variableOf(bytes("\xe9"), 0, 1, 1, 0)).toEqual(["\ufffd", ""]);
    expect(variableOf(bytes("\xef\xbb\xbfA"), 0, 4, 4, 0)).toEqual(["\ufeffA", ""]);
  });
});

describe("CONTENT_LENGTH", () => {
  it.each([
    ["0", 0],
    ["11", 11],
    ["007", 7],
    ["9007199254740991", 2 ** 53 - 1],
  ])("%s", (text, n) => {
    expect(parseContentLength(text)).toBe(n);
  });

  it.each([
    "",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x10",
    " 1",
    "1 ",
    "1_0",
    "abc",
    "9007199254740992",
    "١",
  ])("S2.2 S2.3 refuses %j", (text) => {
    expect(() => parseContentLength(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it("is undefined when absent or empty, and refused when it is repeated with another value", () => {
    const of = (...values: string[]) =>
      new Variables(values.map((value) => ["CONTENT_LENGTH", value] as const)).contentLength;
    expect(of()).toBeUndefined();
    expect(of("")).toBeUndefined();
    expect(of("3", "3")).toBe(3);
    expect(() => of("3", "4")).toThrow(/another value/);
  });
});

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

describe("a variable's name", () => {
  it("is the UTF-8 text of its bytes, whatever was read before", () => {
    const name = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom("HTTP_HOST", "REQUEST_URI", "HTTP_HOSt").map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), fc.nat(5), (names, before) => {
        for (const bytes of [...names, ...names]) {
          const around = new Uint8Array(before + bytes.length + 3).fill(0x41);
          around.set(bytes, before);
          const [read] = variableOf(around, before, bytes.length, 0, 0);
          expect(read).toBe(decoder.decode(bytes));
        }
      }),
      { numRuns: 300 },
    );
  });
});
