import { describe, expect, it } from "vitest";
import {
  formatSize,
  formatTimespan,
  parseMemorySize,
  parseTimespan,
} from "../../../src/apache/manager/quantities.js";

const badInput = expect.objectContaining({ name: "GatewayError", code: "bad_input" });

describe("sizes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [2, "2 bytes"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [1024, "1.02 KB"],
    [4_308_992, "4.31 MB"],
    [999_999, "1000 KB"],
    [1_500_000, "1.5 MB"],
    [1_000_000_000, "1 GB"],
    [2.5e12, "2.5 TB"],
    [3e15, "3 PB"],
    [4e18, "4 EB"],
    [5e21, "5 ZB"],
    [6.5e24, "6.5 YB"],
    [7e27, "7000 YB"],
  ])("S1.89 shows %s bytes as %s", (bytes, text) => expect(formatSize(bytes)).toBe(text));

  it.each([
    [204.8, "204.8 bytes"],
    [0, "0.0 bytes"],
    [1, "1.0 byte"],
    [2424.16, "2.42 KB"],
    [4288512, "4.29 MB"],
  ])("S1.89 shows the float %s as %s", (bytes, text) => expect(formatSize(bytes, true)).toBe(text));

  it.each([
    ["42", 42, 42],
    ["42.9", 42, 42],
    ["5 bytes", 5, 5],
    ["1 byte", 1, 1],
    ["13b", 13, 13],
    ["50K", 50_000, 51_200],
    ["50k", 50_000, 51_200],
    ["1 KB", 1000, 1024],
    ["1 K B", 1000, 1024],
    ["64KiB", 65_536, 65_536],
    ["1.5 GB", 1_500_000_000, 1_610_612_736],
    ["500M", 500_000_000, 524_288_000],
    [" 2 megabytes ", 2_000_000, 2_097_152],
    ["1 mebibyte", 1_048_576, 1_048_576],
    ["1T", 1e12, 2 ** 40],
    ["1pb", 1e15, 2 ** 50],
    ["2E", 2e18, 2 ** 61],
    ["1Z", 1e21, 2 ** 70],
    ["3 zebibytes", 3 * 2 ** 70, 3 * 2 ** 70],
    ["1YB", 1e24, 2 ** 80],
    ["2 yottabytes", 2e24, 2 ** 81],
  ])("S1.88 reads %j as %s, or %s in version 2", (text, decimal, binary) => {
    expect(parseMemorySize(text, { binary: false })).toBe(decimal);
    expect(parseMemorySize(text, { binary: true })).toBe(binary);
  });

  it.each([
    "",
    "-5",
    "1e3",
    "1,000",
    "1.",
    ".5",
    "K",
    "foo",
    "10kB/s",
    "1 kx",
    "5 5",
    "9".repeat(99),
  ])("S1.86 S1.88 refuses the size %j", (text) =>
    expect(() => parseMemorySize(text, { binary: true })).toThrow(badInput),
  );
});

describe("spans of time", () => {
  it.each([
    [0, "0 seconds"],
    [0.004, "0 seconds"],
    [1, "1 second"],
    [1.5, "1.5 seconds"],
    [59.999, "60 seconds"],
    [60, "1 minute"],
    [61, "1 minute and 1 second"],
    [60.5, "1 minute"],
    [3600, "1 hour"],
    [3725, "1 hour, 2 minutes and 5 seconds"],
    [90_061, "1 day, 1 hour and 1 minute"],
    [1_000_000_000, "31 years, 41 weeks and 3 days"],
  ])("S1.89 shows %s seconds as %s", (seconds, text) => {
    expect(formatTimespan(seconds)).toBe(text);
  });

  it.each([
    ["42", 42],
    ["1.5", 1.5],
    ["5m", 300],
    ["5 MIN", 300],
    ["2 hours", 7200],
    ["1 hour", 3600],
    ["250ms", 0.25],
    ["3 us", 3e-6],
    ["7 ns", 7e-9],
    ["30 secs", 30],
    ["1d", 86_400],
    ["1 week", 604_800],
    ["1y", 31_449_600],
  ])("S1.88 reads %j as %s seconds", (text, seconds) => {
    expect(parseTimespan(text)).toBeCloseTo(seconds, 12);
  });

  it.each(["", "-5", "1h30m", "1e3", "5 parsecs", "m", "1 hour ago"])(
    "S1.86 S1.88 refuses the span %j",
    (text) => expect(() => parseTimespan(text)).toThrow(badInput),
  );
});
