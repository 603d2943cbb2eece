import { describe, expect, it } from "vitest";
import { SCOREBOARD_LETTERS, WINDOW, WINDOW_SIZE } from "../../src/engine/memory.js";
import { latin1 } from "./bytes.js";
import { result } from "./drive.js";
import { engines } from "./engines.js";

describe.each(engines)("countScoreboard, %s", (_, engine) => {
  function count(bytes: Uint8Array, start = WINDOW): number[] {
    engine.memory.set(bytes, start);
    expect(engine.countScoreboard(start, bytes.length)).toBe(bytes.length);
    return Array.from({ length: 12 }, (_, word) => result(engine, word));
  }

  it.each([...SCOREBOARD_LETTERS])("counts %s", (letter) => {
    const expected = new Array(12).fill(0);
    expected[SCOREBOARD_LETTERS.indexOf(letter)] = 37;
    expect(count(latin1(letter.repeat(37)))).toEqual(expected);
  });

  it("counts everything else apart", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(count(all)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 245]);
    expect(count(latin1("  w?\n"))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
  });

  it("starts from zero in each call", () => {
    count(latin1("_SRWKDCLGI.xyz".repeat(100)));
    expect(count(latin1("W"))).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(count(latin1(""))).toEqual(new Array(12).fill(0));
  });

  it("does not count what follows", () => {
    engine.memory.fill(0x57, WINDOW, WINDOW + 64);
    expect(engine.countScoreboard(WINDOW, 5)).toBe(5);
    expect(result(engine, 3)).toBe(5);
  });

  it("counts a window of one letter without an overflow", () => {
    for (const letter of ["W", "S"]) {
      const counts = count(latin1(letter.repeat(WINDOW_SIZE)));
      expect(counts[SCOREBOARD_LETTERS.indexOf(letter)]).toBe(WINDOW_SIZE);
    }
  });

  it.each([1, 15, 16, 17, 255, 2_047, 2_048, 2_049, 4_095, 65_533])(
    "agrees with a plain count of %i slots",
    (length) => {
      const letters = `${SCOREBOARD_LETTERS} ?`;
      const bytes = Uint8Array.from({ length }, (_, index) =>
        letters.charCodeAt((index * index * 31 + (index >> 3)) % letters.length),
      );
      const expected = [...SCOREBOARD_LETTERS].map(
        (letter) => bytes.filter((byte) => byte === letter.charCodeAt(0)).length,
      );
      const known = expected.reduce((sum, each) => sum + each, 0);
      expect(count(bytes, WINDOW + 3)).toEqual([...expected, length - known]);
    },
  );
});
