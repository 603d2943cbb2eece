import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../examples/", import.meta.url);
const examples = readdirSync(folder).filter((name) => name !== "README.md");
const list = readFileSync(new URL("README.md", folder), "utf8");
const tests = readdirSync(new URL("./", import.meta.url)).map((name) =>
  readFileSync(new URL(name, import.meta.url), "utf8"),
);

describe.each(examples)("examples/%s", (name) => {
  it("is in the list, and a test runs it", () => {
    expect(list).toMatch(new RegExp(`^\\| \\[${name.replaceAll(".", "\\.")}/?\\]`, "m"));
    const stem = name.replace(/\.\w+$/, "");
    expect(tests.some((text) => text.includes(stem) && !text.includes("readdirSync"))).toBe(true);
  });

  it.runIf(name.includes("."))("has at most 60 lines", () => {
    const text = readFileSync(new URL(name, folder), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
  });
});
