import { latin1 } from "../../bytes.js";
import type { Engine } from "../../engine/engine.js";
import { SCOREBOARD_LETTERS, WINDOW, WINDOW_SIZE } from "../../engine/memory.js";

/** What the slots of an httpd are doing. A slot is a process (prefork) or a thread (worker, event). */
export interface Scoreboard {
  /** The number of slots on the page. */
  readonly slots: number;
  /** `_`: slots that wait for a connection. */
  readonly waiting: number;
  /** `S`: slots whose process or thread is starting. */
  readonly starting: number;
  /** `R`: slots that read a request. */
  readonly reading: number;
  /** `W`: slots that run a request and send the reply. */
  readonly writing: number;
  /** `K`: slots that keep a connection open for the next request. */
  readonly keepAlive: number;
  /** `D`: slots that look up a name. */
  readonly dns: number;
  /** `C`: slots that close a connection. */
  readonly closing: number;
  /** `L`: slots that write to a log. */
  readonly logging: number;
  /** `G`: slots that finish their request and then end. */
  readonly graceful: number;
  /** `I`: slots that end because too many are idle. */
  readonly idleCleanup: number;
  /** `.`: slots without a process. */
  readonly open: number;
  /** Slots with any other character. A space marks a slot that httpd has disabled. */
  readonly other: number;
  /** The scoreboard as in the page: one letter for each slot. */
  readonly letters: string;
  /** The number of slots with a letter of the legend, `_SRWKDCLGI.`; 0 for any other text. */
  count(letter: string): number;
}

/** What a letter of the scoreboard means. */
export interface ScoreboardState {
  /** The letter, as in httpd's legend. */
  readonly letter: string;
  /** The property of a {@link Scoreboard} that counts it. */
  readonly property: Exclude<keyof Scoreboard, "slots" | "other" | "letters" | "count">;
  /** What a slot is doing, in the words of the reports. */
  readonly meaning: string;
  /** The value of the label `state` of the metric `apache_scoreboard`. */
  readonly metricState: string;
  /** Whether a worker in this state has no request. A kept-alive connection counts as busy. */
  readonly isIdle: boolean;
}

/** Every letter of httpd's legend, in its order. */
export const scoreboardStates: readonly ScoreboardState[] = [
  state("_", "waiting", "waiting", "idle", true),
  state("S", "starting", "starting", "startup"),
  state("R", "reading", "reading", "read"),
  state("W", "writing", "replying", "reply"),
  state("K", "keepAlive", "keep-alive", "keepalive"),
  state("D", "dns", "looking up a name", "dns"),
  state("C", "closing", "closing", "closing"),
  state("L", "logging", "logging", "logging"),
  state("G", "graceful", "finishing", "graceful_stop"),
  state("I", "idleCleanup", "ending", "idle_cleanup", true),
  state(".", "open", "open", "open_slot", true),
];

function state(
  letter: string,
  property: ScoreboardState["property"],
  meaning: string,
  metricState: string,
  isIdle = false,
): ScoreboardState {
  return { letter, property, meaning, metricState, isIdle };
}

const byLetter = new Map(scoreboardStates.map((each) => [each.letter, each]));

/** The index of each state's count in the engine's results. */
const at = Object.fromEntries(
  scoreboardStates.map(({ letter, property }) => [property, SCOREBOARD_LETTERS.indexOf(letter)]),
) as Readonly<Record<ScoreboardState["property"], number>>;

/** The state of a letter; `undefined` if httpd's legend does not have it. */
export function scoreboardState(letter: string): ScoreboardState | undefined {
  return byLetter.get(letter);
}

/** Counts a scoreboard of any length. */
export function readScoreboard(
  page: Uint8Array,
  start: number,
  end: number,
  engine: Engine,
): Scoreboard {
  const counts = new Array<number>(SCOREBOARD_LETTERS.length + 1).fill(0);
  for (let from = start; from < end; from += WINDOW_SIZE) {
    const part = page.subarray(from, Math.min(end, from + WINDOW_SIZE));
    engine.memory.set(part, WINDOW);
    engine.countScoreboard(WINDOW, part.length);
    for (let index = 0; index < counts.length; index++) {
      counts[index] = counts[index]! + engine.results[index]!;
    }
  }
  return new CountedScoreboard(page.slice(start, end), counts);
}

/** Decodes `letters` only when it is read. */
class CountedScoreboard implements Scoreboard {
  readonly slots: number;
  readonly waiting: number;
  readonly starting: number;
  readonly reading: number;
  readonly writing: number;
  readonly keepAlive: number;
  readonly dns: number;
  readonly closing: number;
  readonly logging: number;
  readonly graceful: number;
  readonly idleCleanup: number;
  readonly open: number;
  readonly other: number;
  readonly #letters: Uint8Array;
  readonly #counts: readonly number[];

  constructor(letters: Uint8Array, counts: readonly number[]) {
    this.#letters = letters;
    this.#counts = counts;
    this.slots = letters.length;
    this.waiting = counts[at.waiting]!;
    this.starting = counts[at.starting]!;
    this.reading = counts[at.reading]!;
    this.writing = counts[at.writing]!;
    this.keepAlive = counts[at.keepAlive]!;
    this.dns = counts[at.dns]!;
    this.closing = counts[at.closing]!;
    this.logging = counts[at.logging]!;
    this.graceful = counts[at.graceful]!;
    this.idleCleanup = counts[at.idleCleanup]!;
    this.open = counts[at.open]!;
    this.other = counts[SCOREBOARD_LETTERS.length]!;
  }

  get letters(): string {
    return latin1(this.#letters);
  }

  count(letter: string): number {
    const index = letter.length === 1 ? SCOREBOARD_LETTERS.indexOf(letter) : -1;
    return this.#counts[index] ?? 0;
  }

  toJSON(): object {
    return { ...this, letters: this.letters };
  }
}
