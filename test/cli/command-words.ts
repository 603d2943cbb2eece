import { programSpec } from "../../src/cli/command-specs.js";
import { createIo } from "../../src/cli/io.js";
import { wholeProgram } from "../../src/cli/program.js";
import type { CommandSpec } from "../../src/manual/command-spec.js";

/** All commands, with their options. */
export const program = programSpec(await wholeProgram(createIo(process, new AbortController())));

/** The words of the part of a line that runs fcgi-probe, without the shell's quotes. */
export function wordsOf(line: string): string[] {
  const [, command = ""] = /(fcgi-probe .*?)(?: +[|>&#].*)?$/.exec(line) ?? [];
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

/** What is wrong with a line that runs fcgi-probe: commands, options and values that do not exist. */
export function faultsOf(line: string): string[] {
  const { spec, args } = commandOf(wordsOf(line));
  const options = [...spec.options, ...spec.commonOptions];
  const faults: string[] = [];
  // Without a command, an address runs `status`.
  if (spec === program && /^[a-z-]+$/.test(args[0] ?? "")) faults.push(`no command ${args[0]}`);
  for (const [index, word] of args.entries()) {
    if (!/^-./.test(word)) continue;
    const [name = "", value = args[index + 1] ?? ""] = word.split("=", 2);
    const option = options.find(({ names }) => names.includes(name));
    if (option === undefined) faults.push(`${spec.words.join(" ")} has no ${name}`);
    else if (option.choices.length > 0 && !option.choices.includes(value)) {
      faults.push(`${name} does not take ${value}`);
    }
  }
  return faults;
}
