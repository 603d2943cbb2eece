/** The pause after the second worker in a row that died early; it doubles from there. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;

/**
 * How long to wait before a worker that died is replaced. One that has answered something, or lived
 * for a while, is replaced at once; those that die before that have ever longer pauses.
 */
export class BackOff {
  #failures = 0;

  /** @returns milliseconds until the next worker may be started */
  died(wasHealthy: boolean): number {
    this.#failures = wasHealthy ? 0 : this.#failures + 1;
    if (this.#failures < 2) return 0;
    return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 2));
  }

  /** A worker has shown that it can serve. */
  recovered(): void {
    this.#failures = 0;
  }
}
