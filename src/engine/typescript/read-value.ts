import { LOG_DATE_LENGTH, readLogDate } from "../log-date.js";
import type { Memory } from "../memory.js";
import { LineKind } from "../memory.js";
import { readNumber } from "./read-number.js";

/**
 * Reads a whole value as a number or a date, and writes the number or the seconds to a slot.
 *
 * @returns a {@link LineKind}
 */
export function readValue(memory: Memory, start: number, end: number, slot: number): number {
  return end - start === LOG_DATE_LENGTH
    ? readDate(memory, start, end, slot)
    : readNumber(memory, start, end, slot);
}

/** Apart from {@link readValue}, which V8 would not inline otherwise: 10 % of a page. */
function readDate(memory: Memory, start: number, end: number, slot: number): number {
  const seconds = readLogDate(memory.bytes, start, end);
  if (Number.isNaN(seconds)) return readNumber(memory, start, end, slot);
  memory.numbers[slot] = seconds;
  return LineKind.Date;
}
