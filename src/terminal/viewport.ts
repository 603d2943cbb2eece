import { Key } from "./keys.js";

/** The part of a list that a screen shows, and the line that is selected. */
export interface Viewport {
  /** The index of the first line that is shown. */
  readonly offset: number;
  /** The index of the selected line; 0 in an empty list. */
  readonly selected: number;
}

/** The index of the line that a key leads to; `undefined` for keys that move nowhere. */
export function moveSelection(
  key: string,
  selected: number,
  count: number,
  height: number,
): number | undefined {
  const page = Math.max(1, height - 1);
  const wanted = new Map<string, number>([
    [Key.Up, selected - 1],
    [Key.Down, selected + 1],
    [Key.PageUp, selected - page],
    [Key.PageDown, selected + page],
    [Key.Home, 0],
    [Key.End, count - 1],
  ]).get(key);
  return wanted === undefined ? undefined : Math.max(0, Math.min(count - 1, wanted));
}

/** Scrolls as little as needed to show the selected line, and fills the height. */
export function showSelected(
  { offset, selected }: Viewport,
  count: number,
  height: number,
): Viewport {
  const inside = Math.max(0, Math.min(count - 1, selected));
  const first = Math.max(inside - height + 1, Math.min(offset, inside));
  return { offset: Math.max(0, Math.min(first, count - height)), selected: inside };
}
