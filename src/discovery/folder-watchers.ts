import { type FSWatcher, watch } from "node:fs";

/**
 * Watches folders, not files: a file that is replaced by another, or reached by a link that is
 * swapped, would be lost. Folders that are missing, or may not be watched, are left to the regular
 * check of the caller.
 */
export class FolderWatchers {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: () => void;
  readonly #persistent: boolean;

  /**
   * @param onChange called for each change in one of the folders
   * @param persistent whether the watchers keep the process alive
   */
  constructor(onChange: () => void, { persistent = true } = {}) {
    this.#onChange = onChange;
    this.#persistent = persistent;
  }

  /** Watches these folders, and no others any more. */
  set(folders: Iterable<string>): void {
    const wanted = new Set(folders);
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#remove(folder);
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#add(folder);
  }

  close(): void {
    for (const folder of [...this.#watchers.keys()]) this.#remove(folder);
  }

  #add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: this.#persistent }, (event, name) => {
        this.#onChange();
        // A folder that is replaced has another inode, which this watcher does not see: the next
        // `set` watches it anew.
        const isItself = name === null || folder.endsWith(`/${name}`);
        if (event === "rename" && isItself) this.#remove(folder);
      });
      watcher.on("error", () => this.#remove(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Missing, not for this user, or one too many for the system.
    }
  }

  #remove(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
