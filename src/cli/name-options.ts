import type { Command } from "commander";
import { GatewayError } from "../errors.js";

/** Makes what a command says of a bad value name the option as it was typed: `--workers: "x" is …`. */
export function nameOptions(command: Command): void {
  for (const option of command.options) {
    const { parseArg } = option;
    if (parseArg === undefined) continue;
    option.argParser((text: string, before: unknown) => {
      try {
        return parseArg(text, before);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        throw withMessage(error, `${option.long}: ${error.message}`);
      }
    });
  }
}

/** The same error with another message. */
function withMessage(error: GatewayError, message: string): GatewayError {
  const { code, address, cause, hint } = error;
  return new GatewayError(code, message, { address, cause, hint });
}
