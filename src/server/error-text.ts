import { GatewayError } from "../errors.js";

/** An error in the words of a log: one of ours in a line, any other with its stack. */
export function errorText(error: unknown): string {
  if (error instanceof GatewayError) return `${error.name}: ${error.message} (${error.code})`;
  if (error instanceof Error) return error.stack ?? `${error.name}: ${error.message}`;
  return `the handler threw ${String(error)}`;
}
