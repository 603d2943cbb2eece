import { type CommandSpec, noteBlocks, type OptionSpec } from "./command-spec.js";

/** The name of a command's page, without its section: `fcgi-probe-apache-status`. */
export function pageName({ words }: CommandSpec): string {
  return words.join("-");
}

/**
 * The manual page of a command, in the macros of man(7).
 *
 * @param parent the command that it is one of; undefined for the program itself
 */
export function manPage(
  spec: CommandSpec,
  parent: CommandSpec | undefined,
  version: string,
): string {
  const lines = [
    `.\\" Made by scripts/manual.mjs from the command's own help.`,
    `.TH ${quoted(pageName(spec).toUpperCase())} 1 "" ${quoted(`fcgi-probe ${version}`)} ${quoted("fcgi-probe")}`,
    ".nh",
    ".ad l",
    ".SH NAME",
    `${escaped(pageName(spec))} \\- ${escaped(spec.summary)}`,
    ".SH SYNOPSIS",
    `.B ${escaped(spec.words.join(" "))}`,
    escaped(spec.usage),
    ...noteLines(spec.notes, (heading) => !isLate(heading), "DESCRIPTION"),
    ...commandLines(spec),
    ...optionLines([...spec.options, ...spec.commonOptions]),
    ...noteLines(spec.notes, isLate),
    ...seeAlso(spec, parent),
  ];
  return `${lines.join("\n")}\n`;
}

/** Whether a heading of the notes stands after the options. */
function isLate(heading: string | undefined): boolean {
  return heading !== undefined && /^(?:Exit status|Example)/.test(heading);
}

/** The blocks of notes below the headings that are wanted. */
function noteLines(
  notes: string,
  isWanted: (heading: string | undefined) => boolean,
  section?: string,
): string[] {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const block of noteBlocks(notes)) {
    if (block.kind === "heading") heading = block.text;
    if (!isWanted(heading)) continue;
    switch (block.kind) {
      case "heading":
        lines.push(isLate(heading) ? `.SH ${block.text.toUpperCase()}` : `.SS ${block.text}`);
        break;
      case "text":
        lines.push(".PP", escaped(block.text));
        break;
      case "lines":
        lines.push(".PP", ".RS 4", ".nf", ...block.lines.map(escaped), ".fi", ".RE");
    }
    // A heading is for its own paragraph, but for those of sections.
    if (block.kind !== "heading" && !isLate(heading)) heading = undefined;
  }
  return section === undefined || lines.length === 0 ? lines : [`.SH ${section}`, ...lines];
}

function commandLines({ commands }: CommandSpec): string[] {
  if (commands.length === 0) return [];
  return [
    ".SH COMMANDS",
    ...commands.flatMap((command) => [
      ".TP",
      `.B ${escaped(command.words.at(-1) ?? "")}`,
      `${escaped(command.summary)}; see ${escaped(pageName(command))}(1)`,
    ]),
  ];
}

function optionLines(options: readonly OptionSpec[]): string[] {
  let group: string | undefined;
  return options.flatMap((option, index) => {
    const heading = option.group !== group && option.group !== undefined;
    group = option.group;
    const choices = option.choices.length === 0 ? "" : ` (${option.choices.join(", ")})`;
    return [
      ...(index === 0 ? [".SH OPTIONS"] : []),
      ...(heading ? [`.SS ${escaped(option.group ?? "")}`] : []),
      ".TP",
      optionForm(option),
      escaped(`${option.text}${choices}`),
    ];
  });
}

function optionForm({ names, value }: OptionSpec): string {
  const shown = names.map((name) => `\\fB${escaped(name)}\\fR`).join(", ");
  return value === undefined ? shown : `${shown} \\fI${escaped(value)}\\fR`;
}

function seeAlso({ commands }: CommandSpec, parent: CommandSpec | undefined): string[] {
  const pages = [...(parent === undefined ? [] : [parent]), ...commands].map(pageName);
  if (pages.length === 0) return [];
  const list = pages.map((page, index) => {
    const comma = index === pages.length - 1 ? "" : " ,";
    return `.BR ${escaped(page)} (1)${comma}`;
  });
  return [".SH SEE ALSO", ...list];
}

/** Text that roff shows as it is: a dot or a quote at the start of a line is no request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replace(/^\./, "\\&.");
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}
