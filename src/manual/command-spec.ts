/** An option of a command, for its manual and for the completion of shells. */
export interface OptionSpec {
  /** As it is written: `-t` and `--timeout`, or one of them. */
  readonly names: readonly string[];
  /** What the help calls its value, such as `time`; undefined for a switch. */
  readonly value: string | undefined;
  /** The values to choose from; empty where any may be written. */
  readonly choices: readonly string[];
  readonly text: string;
  /** The heading of its group, where options are in groups. */
  readonly group: string | undefined;
}

/** A command, for its manual and for the completion of shells. */
export interface CommandSpec {
  /** The words that run it: `fcgi-probe apache status`. */
  readonly words: readonly string[];
  /** One line. */
  readonly summary: string;
  /** What follows the words: `[options] [TARGET...]`. */
  readonly usage: string;
  /** Its own options. */
  readonly options: readonly OptionSpec[];
  /** The options that every command has. */
  readonly commonOptions: readonly OptionSpec[];
  /** The words that its argument may be; empty where it is anything else. */
  readonly operands: readonly string[];
  /** The rest of the help: paragraphs, and lines that begin with blanks, such as those of examples. */
  readonly notes: string;
  readonly commands: readonly CommandSpec[];
}

/** The command and all commands below it, each before its own. */
export function allCommands(spec: CommandSpec): CommandSpec[] {
  return [spec, ...spec.commands.flatMap(allCommands)];
}

/** The words after that of the program: `apache status`. */
export function pathOf({ words }: CommandSpec): string {
  return words.slice(1).join(" ");
}

/** Whether the value of an option is the name of a file or folder. */
export function takesFile({ value }: OptionSpec): boolean {
  return /^(?:file|path|folder|dir|module)$/i.test(value ?? "");
}

/** A part of a command's notes. */
export type NoteBlock =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly string[] };

/** The headings that notes may begin a paragraph with. */
const headings = /^(Exit status|Examples?|Formats|Columns|Sort keys|States|Variables):\s*/;

/**
 * Notes as blocks. Lines that begin with a blank stay as they are. A paragraph of other lines is one
 * text; what it begins with, such as `Examples:`, is its heading.
 */
export function noteBlocks(notes: string): NoteBlock[] {
  const blocks: NoteBlock[] = [];
  for (const paragraph of notes.split(/\n{2,}/)) {
    let text: string[] = [];
    let lines: string[] = [];
    const flush = (): void => {
      const joined = text.join(" ");
      const heading = headings.exec(joined);
      if (heading !== null) blocks.push({ kind: "heading", text: heading[1] ?? "" });
      const rest = joined.slice(heading?.[0].length ?? 0);
      if (rest !== "") blocks.push({ kind: "text", text: rest });
      if (lines.length > 0) blocks.push({ kind: "lines", lines });
      text = [];
      lines = [];
    };
    for (const line of paragraph.split("\n")) {
      if (line.trim() === "") continue;
      if (line.startsWith(" ")) lines.push(line.slice(2));
      else {
        if (lines.length > 0) flush();
        text.push(line);
      }
    }
    flush();
  }
  return blocks;
}
