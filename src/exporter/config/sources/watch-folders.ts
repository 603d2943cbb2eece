import { type FSWatcher, watch } from "node:fs";

/** Milliseconds from the last change to the call. A swap of links is several changes. */
const DEBOUNCE = 100;

/** Watches folders for changes. */
export interface FolderWatch {
  /** Replaces the folders. One that cannot be watched, such as one that is missing, is left out. */
  set(folders: Iterable<string>): void;
  close(): void;
}

/**
 * Calls `onChange` after something in one of the folders has changed. Folders are watched, not
 * files: a file that is replaced by another, or reached by a link that is swapped, would be lost.
 */
export function watchFolders(onChange: () => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, DEBOUNCE);
    timer.unref();
  };
  const drop = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    set(folders) {
      const wanted = new Set(folders);
      for (const folder of watchers.keys()) if (!wanted.has(folder)) drop(folder);
      for (const folder of wanted) {
        if (watchers.has(folder)) continue;
        try {
          const watcher = watch(folder, { persistent: false }, (event, name) => {
            // A folder that was itself replaced is watched anew at the next `set`.
            if (event === "rename" && name === null) drop(folder);
            changed();
          });
          watcher.on("error", () => drop(folder));
          watchers.set(folder, watcher);
        } catch {
          // The regular check of the caller remains.
        }
      }
    },
    close() {
      clearTimeout(timer);
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}
