import { FolderWatchers } from "../../../discovery/folder-watchers.js";

/** Milliseconds from the last change to the call. A swap of links is several changes. */
const DEBOUNCE = 100;

/** Watches folders for changes. */
export interface FolderWatch {
  /** Replaces the folders. One that cannot be watched, such as one that is missing, is left out. */
  set(folders: Iterable<string>): void;
  close(): void;
}

/** Calls `onChange` once, a moment after something in one of the folders has changed. */
export function watchFolders(onChange: () => void): FolderWatch {
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, DEBOUNCE);
    timer.unref();
  };
  const watchers = new FolderWatchers(changed, { persistent: false });
  return {
    set: (folders) => watchers.set(folders),
    close() {
      clearTimeout(timer);
      watchers.close();
    },
  };
}
