import { latin1 } from "../../bytes.js";
import type { Engine } from "../../engine/engine.js";
import { SCOREBOARD_LETTERS, WINDOW, WINDOW_SIZE } from "../../engine/memory.js";

/** What the slots of an httpd do. A slot is a process (prefork) or a thread (worker, event). */
export interface Scoreboard {
  /** One letter a slot, as the page has them: slots that httpd has switched off are not shown. */
  readonly letters: string;
  /** How many letters there are. */
  readonly slots: number;
  /** `_` waits for a connection. */
  readonly waiting: number;
  /** `S` */
  readonly starting: number;
  /** `R` reads a request. */
  readonly reading: number;
  /** `W` runs a request, and sends the reply. */
  readonly writing: number;
  /** `K` keeps a connection for the next request. */
  readonly keepAlive: number;
  /** `D` looks up a name. */
  readonly dns: number;
  /** `C` */
  readonly closing: number;
  /** `L` */
  readonly logging: number;
  /** `G` finishes its request, then ends. */
  readonly graceful: number;
  /** `I` ends because there are too many idle ones. */
  readonly idleCleanup: number;
  /** `.` has no process. */
  readonly open: number;
  /** Other letters; the space of a slot that is switched off. */
  readonly other: number;
  /** The count of a letter of the legend, `_SRWKDCLGI.`; 0 for any other. */
  count(letter: string): number;
}

/** Counts a scoreboard of any length; the letters are copied. */
export function readScoreboard(
  page: Uint8Array,
  start: number,
  end: number,
  engine: Engine,
): Scoreboard {
  const counts = new Array<number>(SCOREBOARD_LETTERS.length + 1).fill(0);
  for (let at = start; at < end; at += WINDOW_SIZE) {
    const part = page.subarray(at, Math.min(end, at + WINDOW_SIZE));
    engine.memory.set(part, WINDOW);
    engine.countScoreboard(WINDOW, part.length);
    for (let index = 0; index < counts.length; index++) {
      counts[index] = counts[index]! + engine.results[index]!;
    }
  }
  return new CountedScoreboard(page.slice(start, end), counts);
}

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
  readonly #bytes: Uint8Array;
  readonly #counts: readonly number[];

  constructor(bytes: Uint8Array, counts: readonly number[]) {
    this.#bytes = bytes;
    this.#counts = counts;
    this.slots = bytes.length;
    this.waiting = counts[0]!;
    this.starting = counts[1]!;
    this.reading = counts[2]!;
    this.writing = counts[3]!;
    this.keepAlive = counts[4]!;
    this.dns = counts[5]!;
    this.closing = counts[6]!;
    this.logging = counts[7]!;
    this.graceful = counts[8]!;
    this.idleCleanup = counts[9]!;
    this.open = counts[10]!;
    this.other = counts[11]!;
  }

  get letters(): string {
    return latin1(this.#bytes);
  }

  count(letter: string): number {
    const index = letter.length === 1 ? SCOREBOARD_LETTERS.indexOf(letter) : -1;
    return this.#counts[index] ?? 0;
  }

  toJSON(): object {
    return { ...this, letters: this.letters };
  }
}
