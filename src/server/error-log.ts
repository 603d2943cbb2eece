import { GatewayError } from "../errors.js";

/** The text of an error in a log: a GatewayError in one line, any other error with its stack. */
export function errorText(error: unknown): string {
  if (error instanceof GatewayError) return `${error.name}: ${error.message} (${error.code})`;
  if (error instanceof Error) return error.stack ?? `${error.name}: ${error.message}`;
  return `the handler threw ${String(error)}`;
}

const ignore = (): void => {};

/**
 * Writes to standard error. If that fails, because the disk is full or the reader has left, the
 * output is lost, and the server goes on.
 */
export function writeToStandardError(output: string | Uint8Array): void {
  const { stderr } = process;
  if (!stderr.listeners("error").includes(ignore)) stderr.on("error", ignore);
  stderr.write(output);
}
