import { allCommands, type CommandSpec, type NoteBlock, noteBlocks } from "./command-spec.js";

/** The help of all commands, as a page of Markdown. */
export function commandReference(program: CommandSpec): string {
  const sections = allCommands(program).map((spec) => section(spec).join("\n\n"));
  return `# The command line

Made by \`npm run manual\` from the commands' own help. \`fcgi-probe COMMAND --help\` prints the same.

${sections.join("\n\n")}
`;
}

function section(spec: CommandSpec): string[] {
  const command = spec.words.join(" ");
  return [
    `## ${command}`,
    sentence(spec.summary),
    fenced([`${command} ${spec.usage}`]),
    ...(spec.commands.length === 0 ? [] : [commandTable(spec.commands)]),
    ...optionTable(spec),
    ...noteParagraphs(spec.notes),
  ];
}

function commandTable(commands: readonly CommandSpec[]): string {
  const rows = commands.map(({ words, summary }) => {
    const name = words.join(" ");
    return `| [\`${name}\`](#${name.replaceAll(" ", "-")}) | ${inCell(escaped(summary))} |`;
  });
  return ["| command | |", "|---|---|", ...rows].join("\n");
}

/** The options of a command; those that every command has stand at the program. */
function optionTable({ words, options, commonOptions }: CommandSpec): string[] {
  const shown = words.length === 1 ? [...options, ...commonOptions] : options;
  const rows = shown.map(({ names, value, choices, text }) => {
    const form = `${names.join(", ")}${value === undefined ? "" : ` ${value}`}`;
    const chosen =
      choices.length === 0 ? "" : `: ${choices.map((each) => `\`${each}\``).join(", ")}`;
    return `| \`${inCell(form)}\` | ${inCell(escaped(text))}${chosen} |`;
  });
  return rows.length === 0 ? [] : [["| option | |", "|---|---|", ...rows].join("\n")];
}

function noteParagraphs(notes: string): string[] {
  return noteBlocks(notes).map(blockText);
}

function blockText(block: NoteBlock): string {
  switch (block.kind) {
    case "heading":
      return `**${block.text}**`;
    case "text":
      return escaped(block.text);
    case "lines":
      return fenced(block.lines);
  }
}

function fenced(lines: readonly string[]): string {
  return ["```", ...lines, "```"].join("\n");
}

function sentence(text: string): string {
  return escaped(`${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`);
}

/** Text that Markdown shows as it is. */
function escaped(text: string): string {
  return text.replace(/[\\*<`]/g, "\\$&");
}

/** Text in a cell of a table, which a bar would end. */
function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
