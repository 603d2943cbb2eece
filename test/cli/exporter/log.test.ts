import { describe, expect, it } from "vitest";
import { createLog, type LogLine } from "../../../src/cli/exporter/log.js";

function written(format: "logfmt" | "json", lines: readonly LogLine[], least = "info" as const) {
  let text = "";
  const log = createLog(
    (line) => {
      text += line;
    },
    { format, least },
  );
  for (const line of lines) log(line);
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "NOW");
}

const down: LogLine = {
  level: "warn",
  message: "target is down",
  target: "unix:/run/php/www.sock:/status",
  hint: 'say "no"',
  pool: undefined,
  failures: 3,
};

describe("a line of the log", () => {
  it("is logfmt as exporters write it", () => {
    expect(written("logfmt", [down])).toBe(
      'time=NOW level=WARN msg="target is down" target=unix:/run/php/www.sock:/status hint="say \\"no\\"" failures=3\n',
    );
  });

  it("is an object of JSON with the same keys", () => {
    expect(JSON.parse(written("json", [down]))).toEqual({
      time: "NOW",
      level: "WARN",
      msg: "target is down",
      target: "unix:/run/php/www.sock:/status",
      hint: 'say "no"',
      failures: 3,
    });
  });

  it("is written from its level on", () => {
    const lines = (["debug", "info", "warn", "error"] as const).map((level) => ({
      level,
      message: level,
    }));
    expect(written("logfmt", lines).match(/msg=\w+/g)).toEqual([
      "msg=info",
      "msg=warn",
      "msg=error",
    ]);
  });

  it.each([
    ["two\nlines\r\n", '"two\\nlines\\r\\n"'],
    ["", '""'],
    ["a=b", '"a=b"'],
    ["back\\slash", '"back\\\\slash"'],
    ["\u001b[2J\u009b1m\u007f", '"\\u001b[2J\\u009b1m\\u007f"'],
    ["\u202egpj.exe", '"\\u202egpj.exe"'],
    ["\u2028", '"\\u2028"'],
    ["lone \ud800 half", '"lone \ufffd half"'],
    ["\u{e0041}", '"\\udb40\\udc41"'],
    ["Zürich", '"Zürich"'],
  ])("escapes %j", (value, shown) => {
    const line = { level: "info", message: "m", value } as const;
    expect(written("logfmt", [line])).toBe(`time=NOW level=INFO msg=m value=${shown}\n`);
    const json = written("json", [line]);
    expect(json.indexOf("\n")).toBe(json.length - 1);
    expect(JSON.parse(json)).toMatchObject({ value: value.replace("\ud800", "\ufffd") });
  });

  it("cuts a value of any length", () => {
    const line = { level: "info", message: "x".repeat(1e6) } as const;
    expect(written("logfmt", [line]).length).toBeLessThan(1_200);
  });
});
