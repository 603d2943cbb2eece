import {
  allCommands,
  type CommandSpec,
  type OptionSpec,
  pathOf,
  takesFile,
} from "./command-spec.js";

/** A script that completes commands, options and their values in zsh. */
export function completeZsh(program: CommandSpec): string {
  return `#compdef fcgi-probe
# Completion of fcgi-probe for zsh. Made by: fcgi-probe completion zsh

${allCommands(program).map(functionOf).join("\n\n")}

if [[ $funcstack[1] == _fcgi-probe ]]; then
  _fcgi-probe "$@"
else
  compdef _fcgi-probe fcgi-probe
fi
`;
}

function functionName({ words }: CommandSpec): string {
  return `_${words.join("-")}`;
}

function functionOf(spec: CommandSpec): string {
  const options = [...spec.options, ...spec.commonOptions].map(
    (option) => `    ${optionWord(option)} \\`,
  );
  const lines =
    spec.commands.length === 0
      ? [...leafStart, ...options, `    ${operandWord(spec)}`]
      : [...groupStart, ...options, ...groupEnd(spec)];
  return [`${functionName(spec)}() {`, ...lines, "}"].join("\n");
}

function operandWord({ operands }: CommandSpec): string {
  return operands.length === 0 ? "'*:target:_files'" : `'1:word:(${operands.join(" ")})'`;
}

const leafStart = ["  _arguments -s \\"];
const groupStart = ["  local curcontext=$curcontext state line", "  _arguments -C \\"];

function groupEnd(spec: CommandSpec): string[] {
  const described = spec.commands.map(
    ({ words, summary }) => `      ${quoted(`${words.at(-1)}:${summary}`)}`,
  );
  const cases = spec.commands.map(
    (command) => `        (${command.words.at(-1)}) ${functionName(command)} ;;`,
  );
  // Without a command, an address runs status.
  const others = pathOf(spec) === "" ? ["      _files"] : [];
  return [
    "    '1: :->command' '*:: :->argument'",
    "  case $state in",
    "    (command)",
    "      local -a commands=(",
    ...described,
    "      )",
    "      _describe command commands",
    ...others,
    "      ;;",
    "    (argument)",
    `      curcontext="\${curcontext%:*:*}:fcgi-probe-$words[1]:"`,
    "      case $words[1] in",
    ...cases,
    "      esac",
    "      ;;",
    "  esac",
  ];
}

/** An option as a word of _arguments. */
function optionWord(option: OptionSpec): string {
  const { names, value, choices, text } = option;
  const shown = text.replace(/[\\[\]:]/g, "\\$&");
  let action = "";
  if (value !== undefined) {
    const name = value.replace(/[\\:]/g, "\\$&");
    if (choices.length > 0) action = `:${name}:(${choices.join(" ")})`;
    else action = takesFile(option) ? `:${name}:_files` : `:${name}: `;
  }
  const rest = quoted(`[${shown}]${action}`);
  const forms = names.map((name) =>
    value === undefined ? name : `${name}${name.startsWith("--") ? "=" : "+"}`,
  );
  // An option with a value may often be repeated; a switch is offered once.
  const start = value === undefined ? quoted(`(${names.join(" ")})`) : "'*'";
  return forms.length === 1 ? `${start}${forms[0]}${rest}` : `${start}{${forms.join(",")}}${rest}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
