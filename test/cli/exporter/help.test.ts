import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allFlags } from "../../../src/cli/exporter/flags.js";
import { flagTable } from "../../../src/cli/exporter/help.js";
import { runHere } from "../cli.js";

describe("the help of the exporter", () => {
  it.each([
    [["exporter", "--help"]],
    [["exporter", "-h"]],
    [["help", "exporter"]],
    [["server", "--help"]],
  ])("%j names every flag and variable", async (args) => {
    const { code, stdout } = await runHere(args);
    expect(code).toBe(0);
    for (const [, { name, variables = [] }] of allFlags) {
      for (const text of [`--${name}`, ...variables]) expect(stdout).toContain(text);
    }
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("docs/exporter.md", () => {
  it("has the flags as they are", () => {
    const page = readFileSync(new URL("../../../docs/exporter.md", import.meta.url), "utf8");
    expect(page).toContain(`\n\n${flagTable()}\n`);
  });
});
