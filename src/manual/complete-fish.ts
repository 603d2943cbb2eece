import {
  allCommands,
  type CommandSpec,
  type OptionSpec,
  pathOf,
  takesFile,
} from "./command-spec.js";

/** A script that completes commands, options and their values in fish. */
export function completeFish(program: CommandSpec): string {
  const commands = allCommands(program);
  const cases = commands.flatMap((spec) =>
    spec.commands.map(
      (command) =>
        `            case '${pathOf(spec)}/${command.words.at(-1)}'\n                set command '${pathOf(command)}'`,
    ),
  );
  return `# Completion of fcgi-probe for fish. Made by: fcgi-probe completion fish
function __fcgi_probe_at
    set -l words (commandline -opc)
    set -l command ''
    for word in $words[2..-1]
        switch "$command/$word"
${cases.join("\n")}
        end
    end
    test "$command" = "$argv[1]"
end

${commands.flatMap(linesOf).join("\n")}
`;
}

function linesOf(spec: CommandSpec): string[] {
  const start = `complete -c fcgi-probe -n ${quoted(`__fcgi_probe_at ${quoted(pathOf(spec))}`)}`;
  return [
    ...spec.commands.map(
      ({ words, summary }) => `${start} -a ${words.at(-1)} -d ${quoted(summary)}`,
    ),
    ...(spec.operands.length === 0 ? [] : [`${start} -f -a ${quoted(spec.operands.join(" "))}`]),
    ...[...spec.options, ...spec.commonOptions].map((option) => `${start} ${optionWords(option)}`),
  ];
}

function optionWords(option: OptionSpec): string {
  const { names, value, choices, text } = option;
  const forms = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  let values: string[] = [];
  if (choices.length > 0) values = [`-x -a ${quoted(choices.join(" "))}`];
  else if (value !== undefined) values = [takesFile(option) ? "-r -F" : "-x"];
  return [...forms, ...values, `-d ${quoted(text)}`].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
