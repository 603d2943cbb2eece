import type { EventEmitter } from "node:events";
import type { Command, Option } from "commander";
import type { CommandSpec, OptionSpec } from "../manual/command-spec.js";

/** A program with all of its commands, as the manual and the completion of shells need it. */
export function programSpec(program: Command): CommandSpec {
  const common = program.options.filter(({ long }) => long !== "--version");
  const helpText = { names: ["-h", "--help"], text: "show the help of the command" };
  const help = { ...helpText, value: undefined, choices: [], group: undefined };
  const commonOptions = [...common.map(optionSpec), help];
  const specOf = (command: Command, words: readonly string[]): CommandSpec => {
    const own = command.options.filter((option) => !option.hidden && !common.includes(option));
    return {
      words,
      summary: command.description(),
      usage: usageOf(command, words),
      options: own.map(optionSpec),
      commonOptions,
      operands: command.registeredArguments[0]?.argChoices ?? [],
      notes: notesOf(command),
      commands: command.commands.map((each) => specOf(each, [...words, each.name()])),
    };
  };
  return specOf(program, [program.name()]);
}

function optionSpec(option: Option): OptionSpec {
  const { short, long, flags, description, argChoices = [], helpGroupHeading: group } = option;
  const names = [short, long].filter((name) => name !== undefined);
  const value = /[<[](.*)[>\]]$/.exec(flags)?.[1];
  return { names, value, choices: argChoices, text: withDefault(option, description), group };
}

/** The text of an option with its default, as the help has it. */
function withDefault({ defaultValue }: Option, description: string): string {
  const isText = typeof defaultValue === "string" || typeof defaultValue === "number";
  const isShown = isText && !description.includes("(default: ");
  return isShown ? `${description} (default: ${defaultValue})` : description;
}

function usageOf(command: Command, words: readonly string[]): string {
  const usage = command.createHelp().commandUsage(command);
  return usage.slice(words.join(" ").length + 1);
}

/** What the help has after the options. */
function notesOf(command: Command): string {
  let notes = "";
  const write = (text: string): void => {
    notes += text;
  };
  // The types of Commander leave out that a command is an emitter.
  (command as unknown as EventEmitter).emit("afterHelp", { error: false, command, write });
  return notes.trim();
}
