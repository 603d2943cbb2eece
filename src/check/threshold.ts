import { ErrorCode, GatewayError } from "../errors.js";

/**
 * A range of the Monitoring Plugins' guidelines. A value raises an alert if it is outside, or with
 * `isInside`, if it is inside. Both ends belong to the range.
 */
export interface AlertRange {
  readonly start: number;
  readonly end: number;
  readonly isInside: boolean;
}

/** When a value raises an alert. */
export interface Threshold {
  /** As it was written. */
  readonly text: string;
  /** The name of the value, in lower case, with single spaces: `idle`, `listen queue`, `slow/s`. */
  readonly name: string;
  readonly range: AlertRange;
}

const NUMBER = String.raw`-?\d{1,15}(?:\.\d{1,9})?`;
const COMPARISON = new RegExp(`^([a-z][a-z0-9 _-]*(?:/s)?)\\s*(<=|>=|<|>|==)\\s*(${NUMBER})$`, "i");
const RANGE = new RegExp(
  `^([a-z][a-z0-9 _-]*(?:/s)?)\\s*=\\s*(@)?(?:(~|${NUMBER})?:)?(${NUMBER})?$`,
  "i",
);

/**
 * Reads a threshold: a comparison that raises the alert (`idle<2`, `queue>=10`, `slow/s>0.5`), or a
 * name with a range of the Monitoring Plugins (`queue=10`, `idle=2:`, `active=@5:10`).
 *
 * @throws GatewayError `bad_input`
 */
export function parseThreshold(text: string): Threshold {
  const comparison = COMPARISON.exec(text.trim());
  if (comparison !== null) {
    const [, name = "", operator = "", value = ""] = comparison;
    return { text, name: valueName(name), range: rangeOf(operator, Number(value)) };
  }
  const match = RANGE.exec(text.trim());
  if (match === null || (match[3] === undefined && match[4] === undefined)) throw bad(text);
  const [, name = "", inside, from = "0", to] = match;
  const start = from === "~" ? Number.NEGATIVE_INFINITY : Number(from);
  const end = to === undefined ? Number.POSITIVE_INFINITY : Number(to);
  if (start > end) throw bad(text);
  return { text, name: valueName(name), range: { start, end, isInside: inside !== undefined } };
}

/** The spelling under which values are found: the page's key, however its words are joined. */
export function valueName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[ _-]+/g, " ");
}

function rangeOf(operator: string, value: number): AlertRange {
  const [lowest, highest] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  switch (operator) {
    case "<":
      return { start: value, end: highest, isInside: false };
    case ">":
      return { start: lowest, end: value, isInside: false };
    case "<=":
      return { start: lowest, end: value, isInside: true };
    case ">=":
      return { start: value, end: highest, isInside: true };
    default:
      return { start: value, end: value, isInside: true };
  }
}

/** Whether a value raises an alert. */
export function raisesAlert({ start, end, isInside }: AlertRange, value: number): boolean {
  return (value >= start && value <= end) === isInside;
}

/** A range as performance data has it. */
export function rangeText({ start, end, isInside }: AlertRange): string {
  const from = start === Number.NEGATIVE_INFINITY ? "~:" : start === 0 ? "" : `${start}:`;
  const to = end === Number.POSITIVE_INFINITY ? "" : `${end}`;
  return `${isInside ? "@" : ""}${from === "" && to === "" ? "0:" : from}${to}`;
}

function bad(text: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `"${text}" is not a threshold`, {
    hint: "write a comparison that raises the alert (idle<2, queue>10), or a range (queue=10, idle=2:, active=@5:10)",
  });
}
