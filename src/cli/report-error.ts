import { GatewayError } from "../errors.js";
import type { Style } from "../terminal/style.js";
import { visible, visibleLines } from "../terminal/text.js";
import { ExitCode, exitCodeOf } from "./exit-codes.js";
import type { Io } from "./io.js";

/**
 * Runs a command's work. A {@link GatewayError} becomes lines on standard error and its exit code;
 * once the command is interrupted, no error is reported.
 *
 * @param address what the error is about, if the error itself names no address
 */
export async function reportErrors(
  io: Io,
  work: () => Promise<ExitCode>,
  address?: string,
): Promise<ExitCode> {
  try {
    const exitCode = await work();
    return io.signal.aborted ? ExitCode.Interrupted : exitCode;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (io.signal.aborted) return ExitCode.Interrupted;
    await io.stderr.writeLines(errorLines(error.with({ address }), io.stderr.style));
    return exitCodeOf(error.code);
  }
}

/** An error for people: the address, what happened, what the backend wrote, and what to check. */
export function errorLines(error: GatewayError, style: Style): string[] {
  const { address: named, message } = error;
  const address = named === undefined || names(message, named) ? "" : `${visible(named)}: `;
  return [
    `${style.bad("fcgi-probe:")} ${address}${visible(message)}`,
    ...backendLines(error.stderr),
    `${style.warning("hint:")} ${visible(error.hint)}`,
  ];
}

/** A line on standard error about something that is not a failure. */
export function warningLine(text: string, io: Io): string {
  return `${io.stderr.style.warning("fcgi-probe:")} ${visible(text)}`;
}

function backendLines(stderr: string | undefined): string[] {
  const text = visibleLines(stderr ?? "").trim();
  return text === "" ? [] : text.split("\n").map((line) => `stderr: ${line}`);
}

/**
 * Whether a message names an address itself: as a word, and not as the start of another address.
 */
function names(message: string, address: string): boolean {
  const at = message.indexOf(address);
  if (at < 0) return false;
  const before = message.slice(0, at).at(-1) ?? " ";
  return /[\s"'(]/.test(before) && !/^(?:[\w/@%-]|[.:]\S)/.test(message.slice(at + address.length));
}
