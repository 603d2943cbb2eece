import type { Io } from "../io.js";
import { createLog, type WriteLog } from "./log.js";
import type { ProcessSettings } from "./process-settings.js";

/** How many bytes of the log may wait for its reader. Further lines are dropped, and counted. */
const MAX_PENDING = 1_048_576;

/** The log on standard error. A reader that stops reading does not stop the exporter. */
export function stderrLog(
  { stderr }: Io,
  { logFormat: format, logLevel: least }: ProcessSettings,
): WriteLog {
  stderr.neverWait();
  let dropped = 0;
  const write = (line: string): void => {
    if (!stderr.writeAtOnce(line, MAX_PENDING)) dropped++;
  };
  const log = createLog(write, { format, least });
  return (line) => {
    if (dropped > 0 && stderr.writeAtOnce("", MAX_PENDING)) {
      const lines = dropped;
      dropped = 0;
      log({ level: "warn", message: "lines of this log were dropped: nobody read it", lines });
    }
    log(line);
  };
}
