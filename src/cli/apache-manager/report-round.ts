import { reportLines } from "../../apache/manager/report.js";
import type { Collected } from "../commands/apache/collect-metrics.js";
import { ExitCode, exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";
import type { Round } from "../reports/round.js";

/** The lines of a report with their headings, which end in a colon, painted. */
export function headed(lines: readonly string[], paint: (text: string) => string): string[] {
  return lines.map((line) => (line.startsWith(" ") || line === "" ? line : paint(line)));
}

/** One report of those that are shown again and again. */
export async function reportRound(collect: () => Promise<Collected>, io: Io): Promise<Round> {
  const { data, error } = await collect();
  const { status, memory } = data;
  const lines = status === undefined ? [] : reportLines({ status, memory });
  const { heading } = io.stdout.style;
  return {
    render: () =>
      headed(lines, heading)
        .map((line) => `${line}\n`)
        .join(""),
    problems: error === undefined ? [] : errorLines(error, io.stderr.style),
    exitCode: error === undefined ? ExitCode.Fine : exitCodeOf(error.code),
  };
}
