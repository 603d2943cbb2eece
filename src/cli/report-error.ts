import { GatewayError } from "../errors.js";
import { ExitCode, exitCodeOf } from "./exit-codes.js";
import type { Io } from "./io.js";
import type { Style } from "./terminal/style.js";
import { visible, visibleLines } from "./terminal/text.js";

/** What went wrong, for people: with its address, what the backend said, and what to check. */
export function errorLines(error: GatewayError, style: Style): string[] {
  const { address: named, message } = error;
  const address = named === undefined || names(message, named) ? "" : `${visible(named)}: `;
  return [
    `${style.bad("fcgi-probe:")} ${address}${visible(message)}`,
    ...backendLines(error.stderr),
    `${style.warning("hint:")} ${visible(error.hint)}`,
  ];
}

function backendLines(stderr: string | undefined): string[] {
  const text = visibleLines(stderr ?? "").trim();
  return text === "" ? [] : text.split("\n").map((line) => `stderr: ${line}`);
}

/** Whether a message names an address itself: as a word of its own, and not as the start of another. */
function names(message: string, address: string): boolean {
  const at = message.indexOf(address);
  if (at < 0) return false;
  const before = message.slice(0, at).at(-1) ?? " ";
  return /[\s"'(]/.test(before) && !/^(?:[\w/@%-]|[.:]\S)/.test(message.slice(at + address.length));
}

/** Runs a command on one httpd, and reports the error that ends it. */
export async function reported(io: Io, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    const exitCode = await work();
    return io.signal.aborted ? ExitCode.Interrupted : exitCode;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (io.signal.aborted) return ExitCode.Interrupted;
    await io.stderr.writeLines(errorLines(error, io.stderr.style));
    return exitCodeOf(error.code);
  }
}
