import { describe, expect, it } from "vitest";
import { faultsOf } from "../cli/command-words.js";
import { blocksOf, pages } from "./pages.js";

/** The lines that run fcgi-probe in blocks for the shell, and after a prompt. */
const lines = pages.flatMap((page) =>
  blocksOf(page).flatMap(({ language, text }) => {
    const joined = text.replaceAll("\\\n", "").split("\n");
    if (language === "sh") return joined.filter((line) => /^(?:\w+=\S* )*fcgi-probe /.test(line));
    return joined.filter((line) => line.startsWith("$ fcgi-probe ")).map((line) => line.slice(2));
  }),
);

describe("the commands of the documents", () => {
  it.each([...new Set(lines)])("exist, with their options: %s", (line) => {
    expect(faultsOf(line)).toEqual([]);
  });
});
