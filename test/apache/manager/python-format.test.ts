import { describe, expect, it } from "vitest";
import {
  fixedDecimals,
  pythonFloat,
  pythonInteger,
  pythonJson,
  pythonText,
} from "../../../src/apache/manager/python-format.js";

describe("as Python prints it", () => {
  it.each([
    [119136, "119136.0"],
    [11, "11.0"],
    [4288512, "4288512.0"],
    [2.03794e-5, "2.03794e-05"],
    [0.0001, "0.0001"],
    [0.00012345, "0.00012345"],
    [1e15, "1000000000000000.0"],
    [9999999999999998, "9999999999999998.0"],
    [1e16, "1e+16"],
    [1.5e16, "1.5e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e22, "1e+22"],
    [0.1, "0.1"],
    [1 / 3, "0.3333333333333333"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [0, "0.0"],
    [-0, "-0.0"],
    [-2.5, "-2.5"],
    [34.4139, "34.4139"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("S1.83 the float %s is %s", (value, text) => expect(pythonFloat(value)).toBe(text));

  it.each([
    [0, "0"],
    [4288512, "4288512"],
    [1e21, "1000000000000000000000"],
    [-7, "-7"],
  ])("S1.83 the integer %s is %s", (value, text) => expect(pythonInteger(value)).toBe(text));

  it.each([
    ["a", "'a'"],
    ["it's", `"it's"`],
    ['a"b', `'a"b'`],
    [`it's "x"`, `'it\\'s "x"'`],
    ["a\\b", "'a\\\\b'"],
    ["tab\tx\r\n", "'tab\\tx\\r\\n'"],
    ["é😀 b", "'é😀 b'"],
    ["\x00\x7f\xa0", "'\\x00\\x7f\\xa0'"],
    ["\u200b\u2028", "'\\u200b\\u2028'"],
    ["\u{e0001}", "'\\U000e0001'"],
  ])("S1.82 the text %j is %s", (text, expected) => expect(pythonText(text)).toBe(expected));

  it("S1.85 JSON is ASCII", () => {
    expect(pythonJson('é\x7f"\\😀\n')).toBe('"\\u00e9\\u007f\\"\\\\\\ud83d\\ude00\\n"');
  });

  it.each([
    [0.125, "0.12"],
    [0.375, "0.38"],
    [0.625, "0.62"],
    [1.125, "1.12"],
    [1000.125, "1000.12"],
    [1.005, "1.00"],
    [2.675, "2.67"],
    [0.005, "0.01"],
    [59.999, "60.00"],
  ])("S1.89 %s with two decimals is %s", (value, text) => {
    expect(fixedDecimals(value, 2)).toBe(text);
  });

  it.each([
    [0.25, "0.2"],
    [0.75, "0.8"],
    [0.05, "0.1"],
    [1.25, "1.2"],
    [0.35, "0.3"],
    [12, "12.0"],
  ])("S1.81 %s with one decimal is %s", (value, text) => {
    expect(fixedDecimals(value, 1)).toBe(text);
  });
});
