import type { FleetResult, Probe } from "../../fleet/probe.js";
import { probeAll } from "../../fleet/probe.js";
import type { PoolResult } from "../../phpfpm/status.js";
import type { PoolStatusJson } from "../../status-page/pool-status.js";
import { ExitCode, exitCodeOf, worse } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";
import { visible, visibleLines } from "../terminal/text.js";

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

/** Targets named in a warning. */
const MOST_NAMES = 8;

/**
 * Tells targets that are new from those that were given before. Prometheus rejects a whole page for
 * two samples with the same labels, and so for a target that is read twice.
 */
export class DistinctTargets {
  readonly #seen = new Set<string>();
  readonly #repeated = new Set<string>();

  isNew(target: string): boolean {
    const isNew = !this.#seen.has(target);
    if (isNew) this.#seen.add(target);
    else this.#repeated.add(target);
    return isNew;
  }

  /** The targets that are new, in their order. */
  of(targets: readonly string[]): string[] {
    return targets.filter((target) => this.isNew(target));
  }

  /**
   * The warning that names the repeated ones; nothing when there are none.
   *
   * @param show what may be shown of a target
   */
  warningLines(io: Io, show = (target: string) => target): string[] {
    if (this.#repeated.size === 0) return [];
    const names = [...this.#repeated].slice(0, MOST_NAMES).map((target) => visible(show(target)));
    const more = this.#repeated.size - names.length;
    const list = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    const name = io.stderr.style.warning("fcgi-probe:");
    return [`${name} warning: given more than once, and read once: ${list}`];
  }
}

/** One target in the command's JSON. Stable: scripts depend on these keys. */
export type ResultJson =
  | ({ target: string; ok: true } & PoolStatusJson)
  | { target: string; ok: false; error: { code: string; message: string; hint: string } };

/** A result as plain data. */
export function resultJson(result: PoolResult): ResultJson {
  const { target } = result;
  if (result.ok) return { target, ok: true, ...result.value.toJSON() };
  const { code, message, hint } = result.error;
  return { target, ok: false, error: { code, message, hint } };
}
