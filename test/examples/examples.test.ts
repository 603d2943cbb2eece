import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const folder = new URL("../../examples/", import.meta.url);
const examples = readdirSync(folder).filter((name) => name !== "README.md");
const list = readFileSync(new URL("README.md", folder), "utf8");

/** What runs examples: the tests beside this one, and those of the runtimes. */
const tests = ["./", "../runtimes/"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .flatMap((path) => readdirSync(path).map((name) => path + name))
  .filter((path) => /\.(?:test\.ts|mjs)$/.test(path) && path !== fileURLToPath(import.meta.url))
  .map((path) => readFileSync(path, "utf8"));

describe("each example", () => {
  it.each(examples)("is in the list, and a test runs it: %s", (name) => {
    expect(list).toContain(`[${name}${name.includes(".") ? "" : "/"}](`);
    expect(tests.some((text) => text.includes(name))).toBe(true);
  });

  const files = examples.filter((name) => name.includes("."));
  it.each(files)("says how to start it in its first lines: %s", (name) => {
    const [head = ""] = readFileSync(new URL(name, folder), "utf8").split(/^import/m, 1);
    expect(head).toMatch(/^\/\/.* (?:node|deno run|bun|npx workerd) .*\w/m);
  });

  it.each(files)("has at most 60 lines: %s", (name) => {
    const text = readFileSync(new URL(name, folder), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
  });
});
