import { styleText } from "node:util";

/** The colours of this command, by their meaning. */
export interface Style {
  heading(text: string): string;
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
  /** Neither good nor bad, but distinct. */
  calm(text: string): string;
  notable(text: string): string;
}

const plain: Style = {
  heading: (text) => text,
  good: (text) => text,
  warning: (text) => text,
  bad: (text) => text,
  faint: (text) => text,
  calm: (text) => text,
  notable: (text) => text,
};

const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  // By default, styleText checks standard output. styleFor has checked the right stream.
  styleText(format, text, { validateStream: false });

const coloured: Style = {
  heading: paint("bold"),
  good: paint("green"),
  warning: paint("yellow"),
  bad: paint("red"),
  faint: paint("dim"),
  calm: paint("cyan"),
  notable: paint("magenta"),
};

/** Colours for a terminal, unless NO_COLOR (https://no-color.org) is set or TERM is `dumb`. */
export function styleFor(isTerminal: boolean, env: NodeJS.ProcessEnv): Style {
  const wanted = isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return wanted ? coloured : plain;
}
