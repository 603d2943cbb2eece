import { type DiscoveryOptions, discoverWithFolders } from "./discover.js";
import type { Discovery } from "./discovery.js";
import { FolderWatchers } from "./folder-watchers.js";

export interface WatchOptions extends DiscoveryOptions {
  /** Milliseconds between checks of what no folder shows, such as masters. Default: 30,000. */
  readonly interval?: number | undefined;
  /** Milliseconds without a change after which changes are read. Default: 200. */
  readonly debounce?: number | undefined;
}

const DEFAULT_INTERVAL = 30_000;
const DEFAULT_DEBOUNCE = 200;
/** Changes that do not pause are read after so many times the pause. */
const MOST_PAUSES = 10;
/** The most folders to watch. Changes in others are seen at the next check. */
const MAX_FOLDERS = 1_000;

/**
 * Discovers, and calls `onChange` at once and whenever the result has changed. It watches the
 * folders of configurations and sockets, and checks again on an interval: masters and DNS names
 * change without a file. Everything is released when the signal aborts.
 *
 * @returns a promise that resolves after the abort, and rejects with what `onChange` throws
 */
export async function watchDiscovery(
  options: WatchOptions,
  onChange: (found: Discovery) => void,
  signal: AbortSignal,
): Promise<void> {
  const { interval = DEFAULT_INTERVAL, debounce = DEFAULT_DEBOUNCE } = options;
  const changes = new Changes(debounce);
  const folders = new FolderWatchers(() => changes.add());
  const stop = () => changes.wake();
  signal.addEventListener("abort", stop, { once: true });
  let last = "";
  try {
    while (!signal.aborted) {
      const found = await discoverWithFolders({ ...options, signal });
      if (signal.aborted) break;
      folders.set(found.folders.slice(0, MAX_FOLDERS));
      const { targets, problems } = found;
      const now = JSON.stringify([targets, problems]);
      if (now !== last) onChange({ targets, problems });
      last = now;
      if (!signal.aborted) await changes.next(interval);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    folders.close();
    changes.close();
  }
}

/** Collects changes until they pause. */
class Changes {
  readonly #pause: number;
  #timer: NodeJS.Timeout | undefined;
  #first: number | undefined;
  #wake: (() => void) | undefined;
  #isDue = false;

  constructor(pause: number) {
    this.#pause = pause;
  }

  add(): void {
    const now = performance.now();
    this.#first ??= now;
    if (now - this.#first > this.#pause * MOST_PAUSES) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), this.#pause);
  }

  wake(): void {
    this.#first = undefined;
    this.#isDue = true;
    this.#wake?.();
  }

  /** Resolves at the next pause after a change, and after an interval at the latest. */
  async next(interval: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.#isDue) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, interval);
      });
    }
    clearTimeout(timer);
    this.#wake = undefined;
    this.#isDue = false;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
