import { describe, expect, it } from "vitest";
import {
  parseByteSize,
  parseDuration,
  parseHeader,
  parsePagePath,
  parseParam,
  parsePositive,
  parseWholeNumber,
} from "../../src/cli/parse-values.js";
import { ErrorCode } from "../../src/errors.js";

const badInput = expect.objectContaining({ code: ErrorCode.BadInput });

describe("a time", () => {
  it.each([
    ["500ms", 500],
    ["5s", 5_000],
    ["5", 5_000],
    ["0.25", 250],
    [".5s", 500],
    ["1m", 60_000],
    ["2min", 120_000],
    ["1.5h", 5_400_000],
    [" 3 s ", 3_000],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(["", "s", "-1s", "0", "0.1ms", "5x", "1e3", "5s 3ms", "999999h", "NaN"])(
    "%j is refused",
    (text) => {
      expect(() => parseDuration(text)).toThrow(badInput);
    },
  );
});

describe("a count", () => {
  it("is digits, from 1 on", () => {
    expect(parsePositive("256")).toBe(256);
  });

  it.each(["0", "-1", "1.5", "a", "", "9999999999"])("%j is refused", (text) => {
    expect(() => parsePositive(text)).toThrow(badInput);
  });

  it("may be 0 where 0 has a meaning, and the message says so", () => {
    expect(parseWholeNumber("0", 0)).toBe(0);
    expect(() => parseWholeNumber("-1", 0)).toThrow('"-1" is not a number of 0 or more');
    expect(() => parseWholeNumber("0", 1)).toThrow('"0" is not a number of 1 or more');
  });
});

describe("a variable", () => {
  it("may have equals signs in its value, or an empty value", () => {
    expect(parseParam("QUERY_STRING=a=b")).toEqual(["QUERY_STRING", "a=b"]);
    expect(parseParam("EMPTY=")).toEqual(["EMPTY", ""]);
  });

  it.each(["NAME", "=value", ""])("%j is refused", (text) => {
    expect(() => parseParam(text)).toThrow(badInput);
  });
});

describe("a header", () => {
  it("is cut at its first colon", () => {
    expect(parseHeader("X-Time: 12:30")).toEqual(["X-Time", "12:30"]);
  });

  it.each([
    ["X: \t a  ", "\t a  "],
    ["X:  a", " a"],
    ["X:a", "a"],
    ["X:", ""],
  ])("%j keeps its value, but for one space", (text, value) => {
    expect(parseHeader(text)).toEqual(["X", value]);
  });

  it.each(["X-Time", ": value"])("%j is refused", (text) => {
    expect(() => parseHeader(text)).toThrow(badInput);
  });
});

describe("a size", () => {
  it.each([
    ["1", 1],
    ["65536", 65_536],
    ["256k", 262_144],
    ["64M", 67_108_864],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(["", "0", "k", "1g", "-1", "1.5k", "65m"])("%j is refused", (text) => {
    expect(() => parseByteSize(text)).toThrow(badInput);
  });
});

describe("the path of a page", () => {
  it("has a slash", () => {
    expect(parsePagePath("status")).toBe("/status");
    expect(parsePagePath("/status")).toBe("/status");
  });

  it("has no query", () => {
    expect(() => parsePagePath("/status?full")).toThrow(badInput);
  });
});
