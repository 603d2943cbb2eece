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
  /** Of no meaning: the terminal's own colour. */
  plain(text: string): string;
}

const plain: Style = {
  heading: (text) => text,
  good: (text) => text,
  warning: (text) => text,
  bad: (text) => text,
  faint: (text) => text,
  calm: (text) => text,
  notable: (text) => text,
  plain: (text) => text,
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
  plain: (text) => text,
};

/** The values of `--color`. */
export const colorChoices = ["auto", "always", "never"] as const;
export type ColorChoice = (typeof colorChoices)[number];

/**
 * The style of a stream. `auto` asks the environment, in this order: NO_COLOR (https://no-color.org),
 * FORCE_COLOR and CLICOLOR_FORCE, where 0 forces nothing, then CLICOLOR=0 and TERM=dumb. Otherwise a
 * terminal has colours.
 */
export function styleFor(
  isTerminal: boolean,
  env: NodeJS.ProcessEnv,
  choice: ColorChoice = "auto",
): Style {
  const isColoured = choice === "auto" ? wantsColour(isTerminal, env) : choice === "always";
  return isColoured ? coloured : plain;
}

function wantsColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"]) return false;
  const { FORCE_COLOR: force } = env;
  if (force === "0" || force === "false") return false;
  if (force || isForced(env["CLICOLOR_FORCE"])) return true;
  return isTerminal && env["CLICOLOR"] !== "0" && env["TERM"] !== "dumb";
}

function isForced(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0";
}
