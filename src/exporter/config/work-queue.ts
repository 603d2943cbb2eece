/**
 * Runs one piece of work at a time. Work that is asked for while the same is still waiting is done
 * once for all who ask, so that a thousand signals make two reloads and not a thousand.
 */
export class WorkQueue {
  #last: Promise<void> = Promise.resolve();
  readonly #waiting = new Map<string, Promise<void>>();

  /**
   * Does `work` after what was asked for before.
   *
   * @param name the same for the same work
   * @returns a promise that settles as that of `work`
   */
  run(name: string, work: () => Promise<void>): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) return waiting;
    const turn = this.#last.then(() => {
      this.#waiting.delete(name);
      return work();
    });
    this.#waiting.set(name, turn);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
