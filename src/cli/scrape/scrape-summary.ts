import type { PoolResult } from "../../phpfpm/status.js";
import { counted, formatMilliseconds } from "../../terminal/units.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { Failures } from "../reports/failures.js";
import { saturation } from "../reports/saturation.js";

/** Which failures of targets make the exit code other than 0. */
export const failOnChoices = ["any", "all", "never"] as const;
export type FailOn = (typeof failOnChoices)[number];

/** Counts the targets of one scrape: those that answered, saturated ones among them, and failures. */
export class ScrapeSummary {
  readonly #io: Io;
  readonly #failures: Failures;
  readonly #started = performance.now();
  #answered = 0;
  #saturated = 0;

  constructor(io: Io, verbose: boolean) {
    this.#io = io;
    this.#failures = new Failures(io, { nouns: ["pool", "pools"], verbose });
  }

  /** @returns the lines to write at once: with `--verbose` those of a failure */
  add(result: PoolResult): string[] {
    if (!result.ok) return this.#failures.add(result.target, result.error);
    this.#answered++;
    if (saturation(result.value).isSaturated) this.#saturated++;
    return [];
  }

  /** The exit code for the failures of targets. */
  exitCode(failOn: FailOn): ExitCode {
    const counts = { any: true, all: this.#answered === 0, never: false }[failOn];
    return counts ? this.#failures.exitCode : ExitCode.Fine;
  }

  /** The failures by their kind. */
  failureLines(): string[] {
    return this.#failures.lines(this.#answered);
  }

  /** `500 targets: 475 ok (3 saturated), 25 refused in 1.2 s`. */
  line(): string {
    const saturated = this.#saturated === 0 ? "" : ` (${this.#saturated} saturated)`;
    const counts = [`${this.#answered} ok${saturated}`, ...this.#failures.counts()].join(", ");
    const total = counted(this.#answered + this.#failures.count, "target", "targets");
    const elapsed = formatMilliseconds(performance.now() - this.#started);
    const cut = this.#io.signal.aborted ? ", interrupted" : "";
    return `${total}: ${counts} in ${elapsed}${cut}`;
  }
}
