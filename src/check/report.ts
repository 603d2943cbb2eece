import type { Measures } from "./measures.js";
import { rangeText, type Threshold } from "./threshold.js";
import {
  type CheckState,
  type CheckVerdict,
  shown,
  stateWords,
  type Thresholds,
} from "./verdict.js";

/** What was found out about a target. */
export interface CheckedTarget extends CheckVerdict {
  /** The name of the pool, or the address. */
  readonly name: string;
  /** The values, if the target could be read. */
  readonly measures?: Measures | undefined;
}

/** The most values that stand in the first line for a target that is fine. */
const SHOWN = 4;

/**
 * The output of a check by the Monitoring Plugins' guidelines: one line with the state, what is
 * wrong, and performance data after a bar.
 *
 * @param notes what else is to be said
 */
export function checkReport(
  service: string,
  state: CheckState,
  targets: readonly CheckedTarget[],
  thresholds: Thresholds,
  notes: readonly string[] = [],
): string {
  const bad = targets.filter((target) => target.state !== 0);
  const fine = targets.length - bad.length;
  const texts = bad.map(({ name, reasons }) => `${name}: ${reasons.join(", ")}`);
  if (bad.length === 0 && targets.length === 1) texts.push(...targets.map(summary));
  else if (fine > 0) texts.push(`${fine} of ${targets.length} fine`);
  texts.push(...notes);
  const text = `${service} ${stateWords[state]}: ${texts.join("; ")}`.replaceAll("|", "¦");
  const data = targets.flatMap((target) =>
    performanceData(target, targets.length > 1 ? `${target.name} ` : "", thresholds),
  );
  return oneLine(data.length === 0 ? text : `${text} | ${data.join(" ")}`);
}

function summary({ name, measures }: CheckedTarget): string {
  const values = (measures?.short ?? []).flatMap((short) => {
    const value = measures?.values.get(short);
    return value === undefined ? [] : [`${shown(value)} ${short}`];
  });
  return `${name}: ${values.slice(0, SHOWN).join(", ")}`;
}

/** `'label'=value;warning;critical;0`. Values that are compared come with their ranges. */
function performanceData(
  { measures }: CheckedTarget,
  prefix: string,
  { warning, critical }: Thresholds,
): string[] {
  if (measures === undefined) return [];
  const compared = [...warning, ...critical].map(({ name }) => name);
  const names = new Set([...measures.short, ...compared]);
  return [...names].flatMap((name) => {
    const value = measures.values.get(name);
    if (value === undefined) return [];
    const label = `${prefix}${name}`.replaceAll("'", "''").replaceAll("=", "-");
    return [`'${label}'=${shown(value)};${rangeFor(warning, name)};${rangeFor(critical, name)};0`];
  });
}

function rangeFor(thresholds: readonly Threshold[], name: string): string {
  const found = thresholds.find((threshold) => threshold.name === name);
  return found === undefined ? "" : rangeText(found.range);
}

/** Messages may quote what a pool has sent: the output stays one line. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
