import type { FleetResult, Probe } from "../../fleet/probe.js";
import { probeAll } from "../../fleet/probe-all.js";
import { ExitCode, exitCodeOf, worse } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";
import { visible, visibleLines } from "../terminal/visible.js";

/** One reading of all targets. */
export interface Round {
  /** What belongs on standard output, at the width that it has when this is called. */
  render(): string | Uint8Array;
  /** Lines for standard error: what went wrong, and what does not add up. */
  problems: string[];
  exitCode: ExitCode;
}

/** The results in the order of the targets; a target that is given twice is read twice. */
export async function readEach<Value>(
  targets: readonly string[],
  probe: Probe<Value>,
  timeout: number | undefined,
  io: Io,
): Promise<FleetResult<Value>[]> {
  const results = new Map<string, FleetResult<Value>[]>();
  const all = probeAll(targets, probe, { timeout, retries: 0, signal: io.signal });
  for await (const result of all) {
    const same = results.get(result.target);
    if (same === undefined) results.set(result.target, [result]);
    else same.push(result);
  }
  // When the command is interrupted, some targets have no result.
  return targets.flatMap((target) => results.get(target)?.shift() ?? []);
}

/** One page is passed on as it is; several get a heading each. */
export function pagesText(results: readonly FleetResult<Uint8Array>[], io: Io): Uint8Array {
  const { isTerminal } = io.stdout;
  const pages = results.flatMap((result) => (result.ok ? [result] : []));
  const parts = pages.flatMap(({ target, value }, index) => {
    const heading = `${index === 0 ? "" : "\n"}==> ${visible(target)} <==\n`;
    const page = isTerminal ? Buffer.from(visibleLines(new TextDecoder().decode(value))) : value;
    return results.length === 1 ? [page] : [Buffer.from(heading), page];
  });
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** What went wrong with targets, and the exit code that it stands for. */
export function failures(
  results: readonly FleetResult<unknown>[],
  io: Io,
): Pick<Round, "problems" | "exitCode"> {
  const problems: string[] = [];
  let exitCode: ExitCode = ExitCode.Fine;
  for (const result of results) {
    if (result.ok) continue;
    problems.push(...errorLines(result.error, io.stderr.style));
    exitCode = worse(exitCode, exitCodeOf(result.error.code));
  }
  return { problems, exitCode };
}

/** What does not add up on pages that were read. */
export function warningLines<Value extends { readonly warnings: readonly string[] }>(
  results: readonly FleetResult<Value>[],
  io: Io,
): string[] {
  const name = io.stderr.style.warning("fcgi-probe:");
  return results.flatMap((result) =>
    result.ok
      ? result.value.warnings.map(
          (text) => `${name} ${visible(result.target)}: warning: ${visible(text)}`,
        )
      : [],
  );
}
