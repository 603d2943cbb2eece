import { describe, expect, it } from "vitest";
import { allCommands, type CommandSpec, noteBlocks } from "../../src/manual/command-spec.js";
import { faultsOf, program, wordsOf } from "./command-words.js";

/** The lines of the examples in a command's help; a backslash continues a line. */
function examplesOf({ notes }: CommandSpec): string[] {
  const blocks = noteBlocks(notes);
  const start = blocks.findIndex(
    (block) => block.kind === "heading" && /^Example/.test(block.text),
  );
  const lines = blocks[start + 1];
  if (start < 0 || lines?.kind !== "lines") return [];
  return lines.lines.join("\n").replaceAll("\\\n", "").split("\n");
}

describe("the help, and its examples", () => {
  const commands = allCommands(program).filter(({ commands }) => commands.length === 0);

  it.each(commands.map((spec) => [spec.words.join(" "), spec] as const))(
    "%s has one, for itself first",
    (name, spec) => {
      const [first = ""] = examplesOf(spec);
      expect(wordsOf(first).join(" ")).toContain(name);
    },
  );

  it.each(commands.map((spec) => [spec.words.join(" "), spec] as const))(
    "%s fits a terminal of 80 columns, but for the examples",
    (_, { notes }) => {
      const [text = ""] = notes.split(/^Examples?:$/m);
      expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    },
  );

  const examples = allCommands(program).flatMap((spec) => examplesOf(spec));
  it.each(examples.filter((line) => line.includes("fcgi-probe ")))("%s", (line) => {
    expect(faultsOf(line)).toEqual([]);
  });
});
