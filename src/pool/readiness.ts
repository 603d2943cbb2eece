import type { Crew } from "./workers.js";

/** Tells who waits for a generation of workers what becomes of it. */
export class Readiness {
  readonly #watchers = new Set<(failure: string | undefined) => void>();

  /**
   * Waits until all current workers of a crew are ready, or one has failed.
   *
   * @param isOver whether nobody wants them any more
   * @returns why none of them can serve
   */
  of(crew: Crew, isOver: () => boolean): Promise<string | undefined> {
    const { generation } = crew;
    return new Promise((resolve) => {
      const look = (failure: string | undefined): void => {
        const isUnwanted = generation !== crew.generation || isOver();
        const { current } = crew;
        const isReady = current.length > 0 && current.every(({ state }) => state === "ready");
        if (!isReady && !isUnwanted && failure === undefined) return;
        this.#watchers.delete(look);
        const canServe = current.some(({ state }) => state === "ready");
        resolve(canServe || isUnwanted ? undefined : failure);
      };
      this.#watchers.add(look);
      look(undefined);
    });
  }

  /** A worker is ready, or gone, or has failed: then with the reason. */
  changed(failure?: string): void {
    for (const watcher of [...this.#watchers]) watcher(failure);
  }
}
