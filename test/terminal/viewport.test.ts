import { describe, expect, it } from "vitest";
import { Key } from "../../src/terminal/keys.js";
import { moveSelection, showSelected } from "../../src/terminal/viewport.js";

describe("the selection in a list of 100 lines, of which 10 are shown", () => {
  it.each([
    [Key.Up, 50, 49],
    [Key.Down, 50, 51],
    [Key.PageUp, 50, 41],
    [Key.PageDown, 50, 59],
    [Key.Home, 50, 0],
    [Key.End, 50, 99],
    [Key.Up, 0, 0],
    [Key.Down, 99, 99],
  ])("%s leads from %d to %d", (key, from, to) => {
    expect(moveSelection(key, from, 100, 10)).toBe(to);
  });

  it("stays for other keys, and at 0 in an empty list", () => {
    expect(moveSelection("q", 5, 100, 10)).toBeUndefined();
    expect(moveSelection(Key.Down, 0, 0, 10)).toBe(0);
  });
});

describe("the lines that are shown", () => {
  it.each([
    ["stay while the selection is among them", { offset: 20, selected: 25 }, 100, 20, 25],
    ["follow the selection down", { offset: 20, selected: 30 }, 100, 21, 30],
    ["follow the selection up", { offset: 20, selected: 5 }, 100, 5, 5],
    ["fill the height at the end", { offset: 95, selected: 99 }, 100, 90, 99],
    ["are all of a short list", { offset: 3, selected: 4 }, 5, 0, 4],
    ["end with the list when it gets shorter", { offset: 50, selected: 60 }, 20, 10, 19],
    ["are none of an empty list", { offset: 5, selected: 7 }, 0, 0, 0],
  ])("%s", (_, viewport, count, offset, selected) => {
    expect(showSelected(viewport, count, 10)).toEqual({ offset, selected });
  });
});
