import type { Sample } from "./sample.js";
import type { LogListener } from "./settings.js";

type Listener = (samples: readonly Sample[]) => void;

/** Scrapes on an interval while there are subscribers. Without one, nothing is read. */
export class Subscriptions {
  readonly #collect: () => Promise<readonly Sample[]>;
  readonly #log: LogListener;
  readonly #timers = new Set<{ stop(): void }>();

  constructor(collect: () => Promise<readonly Sample[]>, log: LogListener) {
    this.#collect = collect;
    this.#log = log;
  }

  /**
   * Calls `listener` after a scrape now, and after each further one.
   *
   * @param interval milliseconds from the start of a scrape to that of the next
   * @returns what ends it
   */
  add(listener: Listener, interval: number): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const scrape = async () => {
      const started = performance.now();
      try {
        const samples = await this.#collect();
        if (!isOver) listener(samples);
      } catch (thrown) {
        // A listener that fails once must not end the process, nor the scrapes of the others.
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        this.#log({ level: "error", message: "a subscriber failed", error });
      }
      const passed = performance.now() - started;
      if (!isOver) timer = setTimeout(() => void scrape(), Math.max(0, interval - passed));
    };
    const subscription = {
      stop: () => {
        isOver = true;
        clearTimeout(timer);
        this.#timers.delete(subscription);
      },
    };
    this.#timers.add(subscription);
    void scrape();
    return subscription.stop;
  }

  close(): void {
    for (const subscription of this.#timers) subscription.stop();
  }
}
