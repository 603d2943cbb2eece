import { GatewayError } from "../../../errors.js";
import { ExitCode, exitCodeOf } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { errorLines } from "../../report-error.js";

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
