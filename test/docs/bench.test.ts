import { describe, expect, it } from "vitest";
import { filesFrom } from "../../bench/lib/results.mjs";
import { readPage } from "./pages.js";

describe("README's figures and charts", () => {
  const files = filesFrom(readPage("bench/RESULTS.md").text, readPage("README.md").text);

  it.each([...files])("are those of bench/RESULTS.md: %s", (path, text) => {
    expect(readPage(path).text).toBe(text);
  });
});
