import type { GatewayError } from "../../errors.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";
import { ExitCode, exitCodeOf, worse } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";

/** How many targets a line names. */
const MOST_NAMES = 4;

/** What failed in the same way: with the same code and the same hint. */
interface FailureKind {
  readonly first: GatewayError;
  /** Whether a later message was another one. */
  hasOthers: boolean;
  count: number;
  readonly names: string[];
}

export interface FailuresOptions {
  /** One target, and several, as in `1 pool` and `2 pools`. */
  readonly nouns: readonly [one: string, several: string];
  /** Whether every target is named, each with its error and a hint. Default: false. */
  readonly verbose?: boolean | undefined;
}

/**
 * The targets that failed, for standard error. Failures of one kind are one line with a count, some
 * names and one hint, so that a few kinds do not push each other off the screen.
 */
export class Failures {
  /** The worst exit code of the failures. */
  exitCode: ExitCode = ExitCode.Fine;
  readonly #kinds = new Map<string, FailureKind>();
  readonly #io: Io;
  readonly #options: FailuresOptions;
  #count = 0;

  constructor(io: Io, options: FailuresOptions) {
    this.#io = io;
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Counts a failure.
   *
   * @param target the target as messages show it
   * @returns the lines to write at once: with `verbose` those of the error, otherwise none
   */
  add(target: string, error: GatewayError): string[] {
    this.#count++;
    this.exitCode = worse(this.exitCode, exitCodeOf(error.code));
    const key = `${error.code} ${error.hint}`;
    const kind = this.#kinds.get(key);
    if (kind === undefined) {
      this.#kinds.set(key, { first: error, hasOthers: false, count: 1, names: [target] });
    } else {
      kind.count++;
      kind.hasOthers ||= kind.first.message !== error.message;
      if (kind.names.length < MOST_NAMES) kind.names.push(target);
    }
    return this.#options.verbose ? errorLines(error, this.#io.stderr.style) : [];
  }

  /** The counts by the code of the error, the largest first: `20 refused`. */
  counts(): string[] {
    const counts = new Map<string, number>();
    for (const { first, count } of this.#kinds.values()) {
      counts.set(first.code, (counts.get(first.code) ?? 0) + count);
    }
    return [...counts].sort(([, one], [, other]) => other - one).map(([code, n]) => `${n} ${code}`);
  }

  /**
   * The lines after the last target; none with `verbose`, which has written them.
   *
   * @param answered how many targets did not fail
   */
  lines(answered: number): string[] {
    if (this.#options.verbose) return [];
    const kinds = [...this.#kinds.values()].sort((one, other) => other.count - one.count);
    const { style } = this.#io.stderr;
    if (kinds.every(({ count }) => count === 1)) {
      return kinds.flatMap(({ first }) => errorLines(first, style));
    }
    return [
      `${style.bad("fcgi-probe:")} ${this.#heading(answered)} (--verbose lists all):`,
      ...kinds.flatMap((kind) => [
        `  ${kindText(kind)}`,
        `  ${style.warning("hint:")} ${visible(kind.first.hint)}`,
      ]),
    ];
  }

  #heading(answered: number): string {
    const [one, several] = this.#options.nouns;
    if (answered === 0) return `all ${counted(this.#count, one, several)} failed`;
    const answer = answered === 1 ? "answers" : "answer";
    return `${counted(answered, one, several)} ${answer}, ${this.#count} failed`;
  }
}

function kindText({ first, hasOthers, count, names }: FailureKind): string {
  const isUnconnected = exitCodeOf(first.code) === ExitCode.NotConnected;
  const what = `${isUnconnected ? "cannot connect: " : ""}${visible(first.message)}`;
  const more = count > names.length ? ", …" : "";
  const list = `${names.map(visible).join(", ")}${more}`;
  return `${count} × ${what}${hasOthers ? ", and the like" : ""} (${list})`;
}
