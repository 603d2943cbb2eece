import type { ScrapeTarget } from "./target.js";
import type { TargetState } from "./target-state.js";

/** How many targets are remembered: their counts of failures and the names of their pools. */
const MOST = 10_000;
/** How many results are kept while they may be served. */
const MOST_RESULTS = 200;

/**
 * The states of targets that only `/probe` reads. Each keeps its counts from one probe to the next,
 * and its result no longer than it may be served.
 */
export class ProbedStates {
  /** The last used one last. */
  readonly #states = new Map<string, TargetState>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** Those with a result, the oldest one first. */
  readonly #results = new Set<TargetState>();

  /** @param make makes the state of a target, of the known one if there is one */
  of(target: ScrapeTarget, make: (known: TargetState | undefined) => TargetState): TargetState {
    const key = keyOf(target);
    const state = make(this.#states.get(key));
    this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size > MOST) {
      const [oldest] = this.#states.keys();
      if (oldest !== undefined) this.#states.delete(oldest);
    }
    return state;
  }

  /**
   * Drops the result of a state `age` milliseconds after its last read, which may be going on: the
   * answer has not waited for it then.
   */
  release(state: TargetState, age: number): void {
    if (state.isReading)
      state.waitForRead(() => setImmediate(() => this.release(state, age)), false);
    else if (state.sample !== undefined) this.#keep(state, age);
  }

  #keep(state: TargetState, age: number): void {
    this.#results.delete(state);
    this.#results.add(state);
    if (this.#results.size > MOST_RESULTS) {
      const [oldest] = this.#results;
      if (oldest !== undefined) this.#drop(oldest);
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      state.dropSample(performance.now(), age);
      if (state.sample === undefined) this.#results.delete(state);
    }, age + 1);
    this.#timers.add(timer.unref());
  }

  #drop(state: TargetState): void {
    this.#results.delete(state);
    state.sample = undefined;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#states.clear();
    this.#results.clear();
  }
}

/** Two modules may read one address in two ways. Where its name leads to may change. */
function keyOf({ kind, address, timeout, processes, opcache, http }: ScrapeTarget): string {
  return JSON.stringify([kind, address, timeout, processes, opcache, http]);
}
