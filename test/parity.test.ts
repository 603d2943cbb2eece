import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const self = "test/parity.test.ts";

/** The rows of the table: the number of a behaviour, and the test files that prove it. */
const rows = Array.from(
  readFileSync(join(root, "test/parity.md"), "utf8").matchAll(
    /^\| (S\d\.\w+) \| .+ \| `(.+)` \|$/gm,
  ),
  ([, number = "", files = ""]) => ({ number, files: files.split("`, `") }),
);

function testFilesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : testFilesIn(path);
    return entry.name.endsWith(".test.ts") ? [relative(root, path)] : [];
  });
}

/** The numbers in a test file, such as `S0.22` or `S1.H`. */
function numbersIn(file: string): string[] {
  return readFileSync(join(root, file), "utf8").match(/\bS[0-3]\.(?:\d+|[A-Z])\b/g) ?? [];
}

describe("the parity table", () => {
  it("has each number once", () => {
    const numbers = rows.map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual([...new Set(numbers)]);
  });

  it("has every number that tests carry", () => {
    const known = new Set(rows.map(({ number }) => number));
    const files = testFilesIn(join(root, "test")).filter((file) => file !== self);
    const missing = files.flatMap((file) =>
      numbersIn(file).flatMap((number) => (known.has(number) ? [] : [`${number} in ${file}`])),
    );
    expect(missing).toEqual([]);
  });

  it("names test files that exist and carry the number", () => {
    const wrong = rows.flatMap(({ number, files }) =>
      files.flatMap((file) =>
        existsSync(join(root, file)) && numbersIn(file).includes(number)
          ? []
          : [`${number} in ${file}`],
      ),
    );
    expect(wrong).toEqual([]);
  });
});
