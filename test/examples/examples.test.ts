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

  it("has at most 60 lines a file", () => {
    const isFolder = !name.includes(".");
    const files = isFolder ? readdirSync(new URL(`${name}/`, folder)) : [name];
    for (const file of files.filter((each) => /\.(?:m?[jt]s|html)$/.test(each))) {
      const text = readFileSync(new URL(isFolder ? `${name}/${file}` : file, folder), "utf8");
      expect(text.trimEnd().split("\n").length, file).toBeLessThanOrEqual(60);
    }
  });
});
