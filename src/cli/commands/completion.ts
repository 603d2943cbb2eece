import { Argument, type Command } from "commander";
import { completeBash } from "../../manual/complete-bash.js";
import { completeFish } from "../../manual/complete-fish.js";
import { completeZsh } from "../../manual/complete-zsh.js";
import { programSpec } from "../command-specs.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";

const writers = { bash: completeBash, zsh: completeZsh, fish: completeFish } as const;
type Shell = keyof typeof writers;

const help = `
Prints a script that completes commands, options and their values. It needs no
Node when it runs.

  bash  source <(fcgi-probe completion bash), in ~/.bashrc
  zsh   source <(fcgi-probe completion zsh), in ~/.zshrc, after compinit
  fish  fcgi-probe completion fish > ~/.config/fish/completions/fcgi-probe.fish

Exit status: 0 success, 2 bad input.

Example:
  fcgi-probe completion bash > /etc/bash_completion.d/fcgi-probe
`;

/** @param loadProgram loads the program with all of its commands */
export function completionCommand(loadProgram: (io: Io) => Promise<Command>) {
  return (command: Command, io: Io, finish: (exitCode: ExitCode) => void): void => {
    command
      .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(writers)))
      .addHelpText("after", help)
      .action(async (shell: Shell) => {
        await io.stdout.write(writers[shell](programSpec(await loadProgram(io))));
        finish(ExitCode.Fine);
      });
  };
}
