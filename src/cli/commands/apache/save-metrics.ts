import {
  formatMetrics,
  type MetricsData,
  writeAtomically,
} from "../../../apache/manager/metrics-file.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import type { Io } from "../../io.js";

/**
 * Writes metrics to a file, so that who reads it sees the old ones or these; or, to `-`, on
 * standard output.
 *
 * @throws GatewayError `bad_input` where the file cannot be written
 */
export async function saveMetrics(data: MetricsData, path: string, io: Io): Promise<void> {
  const text = formatMetrics(data);
  if (path === "-") return io.stdout.write(text);
  try {
    await writeAtomically(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new GatewayError(ErrorCode.BadInput, `the metrics file was not written: ${message}`, {
      hint:
        code === undefined
          ? "give the path of a file"
          : "its folder must exist, and this user be allowed to write to it",
      cause: error,
    });
  }
}
