import { describe, expect, it } from "vitest";
import { programSpec } from "../../src/cli/command-specs.js";
import { createIo } from "../../src/cli/io.js";
import { wholeProgram } from "../../src/cli/program.js";
import { allCommands, type CommandSpec, noteBlocks } from "../../src/manual/command-spec.js";

const program = programSpec(await wholeProgram(createIo(process, new AbortController())));

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

/** The words of the part of a line that runs fcgi-probe, without the shell's quotes. */
function wordsOf(line: string): string[] {
  const [, command = ""] = /(fcgi-probe .*?)(?: [|>&].*)?$/.exec(line) ?? [];
  return (command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []).map((word) =>
    word.replace(/['"]/g, ""),
  );
}

/** The command that words run, and the words after it. */
function commandOf(words: readonly string[]): { spec: CommandSpec; args: readonly string[] } {
  let spec = program;
  let at = 1;
  for (; at < words.length; at++) {
    const next = spec.commands.find((command) => command.words.at(-1) === words[at]);
    if (next === undefined) break;
    spec = next;
  }
  return { spec, args: words.slice(at) };
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
    const { spec, args } = commandOf(wordsOf(line));
    const options = [...spec.options, ...spec.commonOptions];
    for (const [index, word] of args.entries()) {
      if (!/^-./.test(word)) continue;
      const [name = "", value = args[index + 1] ?? ""] = word.split("=", 2);
      const option = options.find(({ names }) => names.includes(name));
      expect(option, `${spec.words.join(" ")} has no ${name}`).toBeDefined();
      if (option !== undefined && option.choices.length > 0)
        expect(option.choices).toContain(value);
    }
  });
});
