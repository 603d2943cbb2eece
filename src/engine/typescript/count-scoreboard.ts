import { EngineError, isOutside, type Memory, SCOREBOARD_LETTERS } from "../memory.js";

const OTHER = SCOREBOARD_LETTERS.length;
const LETTERS = Uint8Array.from(SCOREBOARD_LETTERS, (letter) => letter.charCodeAt(0));
/**
 * Four histograms side by side: runs of one letter then do not wait for their own counter. All
 * zeros between calls.
 */
const counts = new Int32Array(4 * 256);

/** {@link Engine.countScoreboard} */
export function countScoreboard({ bytes, results }: Memory, start: number, length: number): number {
  if (isOutside(start, length)) return EngineError.Range;
  const end = start + length;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    counts[bytes[at]!]!++;
    counts[256 + bytes[at + 1]!]!++;
    counts[512 + bytes[at + 2]!]!++;
    counts[768 + bytes[at + 3]!]!++;
  }
  while (at < end) counts[bytes[at++]!]!++;

  let other = length;
  for (let index = 0; index < OTHER; index++) {
    const count = take(LETTERS[index]!);
    results[index] = count;
    other -= count;
  }
  results[OTHER] = other;
  if (other > 0) counts.fill(0);
  return length;
}

/** Returns a letter's count and resets it. */
function take(letter: number): number {
  const count =
    counts[letter]! + counts[256 + letter]! + counts[512 + letter]! + counts[768 + letter]!;
  counts[letter] = counts[256 + letter] = counts[512 + letter] = counts[768 + letter] = 0;
  return count;
}
