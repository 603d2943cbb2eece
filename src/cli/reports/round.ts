import { type FleetResult, type Probe, probeAll } from "../../fleet/probe.js";
import { isoTime } from "../../status-page/iso-time.js";
import { visible, visibleLines } from "../../terminal/text.js";
import type { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import type { OutputFormat } from "../options.js";
import { warningLine } from "../report-error.js";
import { Failures } from "./failures.js";
import type { ResultMetrics } from "./result-metrics.js";

/** One reading of all targets. */
export interface Round {
  /** The text for standard output, at the terminal's width at the time of the call. */
  render(): string | Uint8Array;
  /** Lines for standard error: errors and warnings. */
  problems: string[];
  exitCode: ExitCode;
}

/** How one kind of status is read and shown: that of PHP-FPM pools, or that of Apache httpd. */
export interface StatusReader<Status> {
  /** One target, and several, as in `1 pool` and `2 pools`. */
  readonly nouns: readonly [one: string, several: string];
  read: Probe<Status>;
  /** Reads the page as it was sent. */
  readPage: Probe<TextPage>;
  /** A target for messages: without a password. */
  shown(target: string): string;
  newMetrics(): Promise<ResultMetrics<Status>>;
  /** Returns a function that renders the table at the width of the terminal at that time. */
  table(results: readonly FleetResult<Status>[], io: Io): Promise<() => string>;
}

/** A page as it was sent. */
export interface TextPage {
  readonly page: Uint8Array;
  readonly warnings: readonly string[];
}

/** Anything that is read from a target. */
type Readable = { readonly warnings: readonly string[] };

/** A result, and when it came, in milliseconds since 1970. */
type TimedResult<Value> = FleetResult<Value> & { readonly time: number };

export interface RoundOptions {
  /** Default: table. */
  readonly format?: OutputFormat | undefined;
  /** Milliseconds that a target may take. */
  readonly timeout: number;
  /** Whether every failed target is named. Default: false; failures of one kind are one line. */
  readonly verbose?: boolean | undefined;
  /** Whether only problems are shown. Default: false. */
  readonly quiet?: boolean | undefined;
}

/** Reads all targets at once. */
export async function readRound<Status extends Readable>(
  reader: StatusReader<Status>,
  targets: readonly string[],
  options: RoundOptions,
  io: Io,
): Promise<Round> {
  const { format = "table", timeout, verbose, quiet } = options;
  const distinct = new DistinctTargets();
  const wanted = format === "prometheus" ? distinct.of(targets) : targets;
  const readAll = async <Value extends Readable>(probe: Probe<Value>) => {
    const results = await readEach(wanted, probe, timeout, io);
    return results.map((result) => ({ ...result, target: reader.shown(result.target) }));
  };
  const roundOf = (results: readonly FleetResult<Readable>[], render: Round["render"]) => {
    const failures = new Failures(io, { nouns: reader.nouns, verbose });
    const listed = results.flatMap((result) =>
      result.ok ? [] : failures.add(result.target, result.error),
    );
    const problems = [
      ...distinct.warningLines(io, reader.shown),
      ...listed,
      ...failures.lines(results.length - failures.count),
      ...warningLines(results, io),
    ];
    return { render: quiet ? () => "" : render, problems, exitCode: failures.exitCode };
  };
  if (format === "text") {
    const pages = await readAll(reader.readPage);
    return roundOf(pages, () => pagesText(pages, io));
  }
  const results = await readAll(reader.read);
  switch (format) {
    case "json":
      return roundOf(results, () => `${JSON.stringify(results.map(timedJson), undefined, 2)}\n`);
    case "ndjson":
      return roundOf(results, () =>
        results.map((result) => `${JSON.stringify(timedJson(result))}\n`).join(""),
      );
    case "prometheus": {
      const metrics = await reader.newMetrics();
      for (const result of results) metrics.add(result);
      return roundOf(results, () => [...metrics.text()].join(""));
    }
    case "table":
      return roundOf(results, await reader.table(results, io));
  }
}

/** The results in the order of the targets; a target that is given twice is read twice. */
async function readEach<Value>(
  targets: readonly string[],
  probe: Probe<Value>,
  timeout: number,
  io: Io,
): Promise<TimedResult<Value>[]> {
  const results = new Map<string, TimedResult<Value>[]>();
  const all = probeAll(targets, probe, { timeout, retries: 0, signal: io.signal });
  for await (const untimed of all) {
    const result = { ...untimed, time: Date.now() };
    const same = results.get(result.target);
    if (same === undefined) results.set(result.target, [result]);
    else same.push(result);
  }
  // When the command is interrupted, some targets have no result.
  return targets.flatMap((target) => results.get(target)?.shift() ?? []);
}

/** One page is written unchanged. Several get a heading each. */
function pagesText(results: readonly FleetResult<TextPage>[], io: Io): Uint8Array {
  const { isTerminal } = io.stdout;
  const pages = results.flatMap((result) => (result.ok ? [result] : []));
  const parts = pages.flatMap(({ target, value: { page } }, index) => {
    const heading = `${index === 0 ? "" : "\n"}==> ${visible(target)} <==\n`;
    const text = isTerminal ? Buffer.from(visibleLines(new TextDecoder().decode(page))) : page;
    return results.length === 1 ? [text] : [Buffer.from(heading), text];
  });
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** The warnings about pages that were read. */
export function warningLines(results: readonly FleetResult<Readable>[], io: Io): string[] {
  return results.flatMap((result) =>
    result.ok
      ? result.value.warnings.map((text) => warningLine(`${result.target}: warning: ${text}`, io))
      : [],
  );
}

/** One target in the command's JSON. Scripts depend on these keys: they stay as they are. */
export function resultJson(
  result: FleetResult<object> & { readonly labels?: object },
  time: Date,
): object {
  const { target, ok, labels } = result;
  const reading = { target, ok, elapsed: shownElapsed(result), time: isoTime(time) };
  const start = labels === undefined ? reading : { ...reading, labels };
  if (!ok) {
    const { code, message, hint } = result.error;
    return { ...start, error: { code, message, hint } };
  }
  const { value } = result;
  const fields = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
  return { ...start, ...fields };
}

function timedJson(result: TimedResult<object>): object {
  return resultJson(result, new Date(result.time));
}

/** Milliseconds, to the microsecond. */
export function shownElapsed({ elapsed }: FleetResult<unknown>): number {
  return Math.round(elapsed * 1_000) / 1_000;
}

/** How many targets a warning names. */
const MOST_NAMES = 8;

/**
 * Finds targets that are given more than once. Prometheus rejects a page that has two samples with
 * the same labels, so a target must not be read twice.
 */
export class DistinctTargets {
  readonly #seen = new Set<string>();
  readonly #repeated = new Set<string>();

  /** Whether this target is given for the first time. */
  isNew(target: string): boolean {
    const isNew = !this.#seen.has(target);
    if (isNew) this.#seen.add(target);
    else this.#repeated.add(target);
    return isNew;
  }

  /** The targets in their order, each once. */
  of(targets: readonly string[]): string[] {
    return targets.filter((target) => this.isNew(target));
  }

  /**
   * The warning that names the repeated targets; empty when there are none.
   *
   * @param shown a target's form for messages
   */
  warningLines(io: Io, shown = (target: string) => target): string[] {
    if (this.#repeated.size === 0) return [];
    const names = [...this.#repeated].slice(0, MOST_NAMES).map(shown);
    const more = this.#repeated.size - names.length;
    const list = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return [warningLine(`warning: given more than once, and read once: ${list}`, io)];
  }
}
