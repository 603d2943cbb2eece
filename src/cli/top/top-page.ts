import type { Size } from "./frame.js";

/** One of the pages of the screen: the list, a pool, an httpd, the help. */
export interface TopPage {
  /** The lines at this size of the screen. */
  lines(size: Size): string[];
  /** Acts on a key. @returns whether the page knows it */
  press(key: string): boolean;
  /** Called when the page is left. */
  close?(): void;
}
