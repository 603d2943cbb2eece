import { Option } from "commander";
import { ErrorCode, GatewayError } from "../errors.js";
import { colorChoices } from "../terminal/style.js";
import type { Io } from "./io.js";

/** What addresses and URLs have, and commands do not. */
const address = /[/:]|\.sock$/;

/** The arguments with the command that an address in its place means. */
export function withCommand(args: readonly string[]): readonly string[] {
  const target = args.find((arg) => !arg.startsWith("-"));
  if (target === undefined || !address.test(target)) return args;
  return [...(/^https?:/i.test(target) ? ["apache", "status"] : ["status"]), ...args];
}

/** `--color`, which may stand before a command and after it. */
export function colorOption(io: Io): Option {
  const option = new Option("--color <when>", "when to use colours (default: auto, on a terminal)");
  return option.choices(colorChoices).argParser((choice) => {
    if (!chooseColor(choice, io)) {
      throw new GatewayError(ErrorCode.BadInput, `--color: "${choice}" is no choice`, {
        hint: `write one of ${colorChoices.join(", ")}`,
      });
    }
  });
}

/** @returns whether there is such a choice */
function chooseColor(given: string, { stdout, stderr }: Io): boolean {
  const choice = colorChoices.find((each) => each === given);
  if (choice === undefined) return false;
  for (const output of [stdout, stderr]) output.chooseColor(choice);
  return true;
}

/** The arguments without a `--color` before the command. */
export function withoutColor(args: readonly string[], io: Io): readonly string[] {
  const [first = "", second = ""] = args;
  const equals = "--color=";
  const choice = first.startsWith(equals) ? first.slice(equals.length) : second;
  if (first !== "--color" && !first.startsWith(equals)) return args;
  return chooseColor(choice, io) ? args.slice(first === "--color" ? 2 : 1) : args;
}
