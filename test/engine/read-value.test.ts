import { describe, expect, it } from "vitest";
import { LineKind, LineValue, WINDOW, WINDOW_SIZE } from "../../src/engine/memory.js";
import { latin1 } from "./bytes.js";
import { splitLines } from "./drive-split.js";
import { engines } from "./engines.js";

const { Text, Number: Numeric, Wrapped, Long, Date: Dated } = LineKind;

describe.each(engines)("the values of lines, %s", (_, engine) => {
  const read = (text: string) => splitLines(engine, [latin1(text)]);

  it.each([
    ["0", 0],
    ["-0", -0],
    ["+7", 7],
    ["00012", 12],
    ["4711", 4711],
    ["99999999", 99_999_999],
    ["123456789", 123_456_789],
    ["123456789012345", 123_456_789_012_345],
    ["1 ", 1],
    ["12 \t ", 12],
    [".25", 0.25],
    ["5.", 5],
    ["1.e-5", 1e-5],
    ["2.03794e-5", 2.03794e-5],
    ["1.23e+10", 1.23e10],
    ["1E3", 1000],
    ["-1.00", -1],
    [".154613", 0.154613],
    ["9016.82", 9016.82],
    ["28.3541", 28.3541],
    ["0.00", 0],
    ["100.0000000", 100],
    ["0.000000000000000000001", 1e-21],
    ["1e22", 1e22],
    ["1e-22", 1e-22],
    ["0e999999999999", 0],
    ["9007199254740993", 9_007_199_254_740_992],
    ["9007199254740995", 9_007_199_254_740_996],
    ["9223372036854775807", 2 ** 63],
    ["-9223372036854775807", -(2 ** 63)],
    ["000000000000000000000000000042", 42],
  ])("reads %s", (text, number) => {
    for (const line of [`k: ${text}\n`, `a much longer key than that: ${text}`]) {
      expect(read(line)[0]).toMatchObject({ kind: Numeric, value: text });
      expect(read(line)[0]?.number, line).toBe(number);
    }
  });

  it.each([
    "",
    "-",
    "+",
    ".",
    "-.",
    "e5",
    ".e5",
    "1e",
    "1e+",
    "1e5.",
    "1.2.3",
    "--1",
    "1 2",
    "0x10",
    "12K",
    "5.5M",
    "Infinity",
    "NaN",
    "/status?full",
    ",5",
    "1,000",
    "2026-11-12T08:58:41",
    "6 minutes 41 seconds",
    "Idle",
    "1\u00802345",
    "12345678\u00e9",
  ])("does not take %j for a number", (text) => {
    expect(read(`key: ${text}\n`)[0]).toMatchObject({ kind: Text, number: 0, value: text });
  });

  it.each([
    ["20/Nov/2026:18:28:16 +0000", "2026-11-20T18:28:16Z"],
    ["01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00Z"],
    ["15/Aug/2018:16:29:57 +0200", "2018-08-15T14:29:57Z"],
    ["28/Feb/2023:23:30:00 -0045", "2023-03-01T00:15:00Z"],
    ["29/Feb/2024:12:00:00 +0000", "2024-02-29T12:00:00Z"],
    ["30/Feb/2024:12:00:00 +0000", "2024-03-01T12:00:00Z"],
    ["31/Dec/2016:23:59:60 +0000", "2017-01-01T00:00:00Z"],
    ["01/Mar/1900:00:00:00 +0000", "1900-03-01T00:00:00Z"],
    ["31/Dec/1969:23:59:59 +0000", "1969-12-31T23:59:59Z"],
    ["01/Jan/0000:00:00:00 +0000", "0000-01-01T00:00:00Z"],
    ["31/Dec/9999:23:59:59 -1200", "+010000-01-01T11:59:59Z"],
  ])("reads the date %s", (text, iso) => {
    const seconds = Date.parse(iso) / 1000;
    expect(read(`start time: ${text}\n`)[0]).toMatchObject({
      kind: Dated,
      number: seconds,
      value: text,
    });
  });

  it("reads the dates of every month", () => {
    for (let month = 0; month < 12; month++) {
      const date = new Date(Date.UTC(2023, month, 9, 8, 7, 6));
      const [, day, name, year, time] = date.toUTCString().split(" ");
      const line = `start time: ${day}/${name}/${year}:${time} +0000\n`;
      expect(read(line)[0], line).toMatchObject({ kind: Dated, number: date.getTime() / 1000 });
    }
  });

  it.each([
    "20/Nov/2026:18:28:16 +000",
    "20/Nov/2026:18:28:16 +00000",
    "20/Nov/2026:18:28:16 +0000 ",
    "00/Nov/2026:18:28:16 +0000",
    "32/Nov/2026:18:28:16 +0000",
    "20/Nov/2026:24:28:16 +0000",
    "20/Nov/2026:18:60:16 +0000",
    "20/Nov/2026:18:28:61 +0000",
    "20/nov/2026:18:28:16 +0000",
    "20/Nob/2026:18:28:16 +0000",
    "2O/Nov/2026:18:28:16 +0000",
    "20/Nov/2/26:18:28:16 +0000",
    "20/Nov/2026:18:2::16 +0000",
    "20/Nov/2026:18:28:16 +00 0",
    "20/Nov/2026:18:28:16 /0000",
    "20/Nov/2026:18:28:16+ 0000",
    "20/Nov-2026:18:28:16 +0000",
    "20-Nov/2026:18:28:16 +0000",
    "20/Nov/2026 18:28:16 +0000",
    "20/Nov/2026:18-28:16 +0000",
    "20/Nov/2026:18:28-16 +0000",
  ])("does not take %j for a date", (text) => {
    expect(read(`key: ${text}\n`)[0]).toMatchObject({ kind: Text, number: 0, value: text });
  });

  it("reads a date at the very end of the window", () => {
    const line = latin1("start time: 20/Nov/2026:18:28:16 +0000");
    const start = WINDOW + WINDOW_SIZE - line.length;
    engine.memory.set(line, start);
    expect(engine.splitLines(start, line.length, 1)).toBe(1);
    expect(engine.numbers[LineValue.Number >> 1]).toBe(Date.UTC(2026, 10, 20, 18, 28, 16) / 1000);
  });

  it.each([
    "9223372036854775808",
    "18446744073709551615",
    "+18446744073709551615",
    "0018446744073709551000",
  ])("recognises %s as a negative number that was printed as unsigned", (text) => {
    expect(read(`request duration: ${text}\n`)[0]).toMatchObject({ kind: Wrapped, number: 0 });
  });

  it.each([
    "18446744073709551616",
    "99999999999999999999",
    "100000000000000000000000",
    "-9223372036854775808",
    "1e23",
    "1e-23",
    "1e99999999999999999999",
    "1234567890.1234567",
    "0.12345678901234567890123",
    "18446744073709551615.0",
    "1844674407370955161e1",
    "9".repeat(5_000),
  ])("leaves %s to a correctly rounding parser", (text) => {
    expect(read(`key: ${text}\n`)[0]).toMatchObject({ kind: Long, number: 0, value: text });
  });
});
