import {
  allCommands,
  type CommandSpec,
  type OptionSpec,
  pathOf,
  takesFile,
} from "./command-spec.js";

/** A script that completes commands, options and their values in bash 4 and later. */
export function completeBash(program: CommandSpec): string {
  const commands = allCommands(program);
  return `# Completion of fcgi-probe for bash. Made by: fcgi-probe completion bash
_fcgi_probe() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command= options= commands= values= word i
  COMPREPLY=()
  # Readline splits --option=value into three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$command/$word" in
${commands.flatMap(commandCases).join("\n")}
    esac
  done
  case "$command" in
${commands.map(wordCase).join("\n")}
  esac
  case "$command $prev" in
${commands.flatMap(valueCases).join("\n")}
  esac
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  fi
}
complete -o bashdefault -o default -F _fcgi_probe fcgi-probe
`;
}

/** How a word leads from a command to one of its own. */
function commandCases(spec: CommandSpec): string[] {
  return spec.commands.map(
    (command) => `      '${pathOf(spec)}/${command.words.at(-1)}') command='${pathOf(command)}' ;;`,
  );
}

function wordCase(spec: CommandSpec): string {
  const options = [...spec.options, ...spec.commonOptions].flatMap(({ names }) => names).join(" ");
  const commands = [...spec.commands.map(({ words }) => words.at(-1)), ...spec.operands].join(" ");
  return `    '${pathOf(spec)}') options='${options}' commands='${commands}' ;;`;
}

/** What follows an option that takes a value. Names of files are left to readline. */
function valueCases(spec: CommandSpec): string[] {
  const path = pathOf(spec);
  const patterns = (options: readonly OptionSpec[]) =>
    options.flatMap(({ names }) => names.map((name) => `'${path} ${name}'`)).join(" | ");
  const withValue = [...spec.options, ...spec.commonOptions].filter(
    ({ value }) => value !== undefined,
  );
  const files = withValue.filter(takesFile);
  const free = withValue.filter((option) => option.choices.length === 0 && !takesFile(option));
  return [
    ...withValue
      .filter(({ choices }) => choices.length > 0)
      .map((option) => `    ${patterns([option])}) values='${option.choices.join(" ")}' ;;`),
    ...(files.length === 0 ? [] : [`    ${patterns(files)}) return ;;`]),
    ...(free.length === 0
      ? []
      : [`    ${patterns(free)}) compopt +o bashdefault +o default 2>/dev/null; return ;;`]),
  ];
}
