import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rules } from "../../src/doctor/rules.js";

const docs = readFileSync(new URL("../../docs/doctor.md", import.meta.url), "utf8");
const tests = new URL("./", import.meta.url);

describe("docs/doctor.md", () => {
  it("lists every finding with its meaning", () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, code, text]) => [
      code,
      text,
    ]);
    expect(rows).toEqual(rules.flatMap(({ codes }) => Object.entries(codes)));
  });

  it("has a test for every finding", () => {
    const names = [
      "saturation",
      "clients",
      "queue",
      "holders",
      "front-ends",
      "workers",
      "configuration",
      "clocks",
      "opcache",
      "logs",
      "page",
    ];
    const texts = names.map((name) => readFileSync(new URL(`${name}.test.ts`, tests), "utf8"));
    const codes = rules.flatMap(({ codes }) => Object.keys(codes));
    expect(codes.filter((code) => !texts.some((text) => text.includes(`"${code}"`)))).toEqual([]);
  });
});
