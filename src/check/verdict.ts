import { raisesAlert, type Threshold } from "./threshold.js";

/** The states of the Monitoring Plugins, by their exit codes. */
export const CheckState = { Ok: 0, Warning: 1, Critical: 2, Unknown: 3 } as const;
export type CheckState = (typeof CheckState)[keyof typeof CheckState];

/** The names of the states, as they stand in the first line. */
export const stateWords = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** How bad states are: an alert that is certain counts more than what is not known. */
const severity: readonly CheckState[] = [
  CheckState.Ok,
  CheckState.Unknown,
  CheckState.Warning,
  CheckState.Critical,
];

/** The worse of two states. */
export function worseState(one: CheckState, other: CheckState): CheckState {
  return severity.indexOf(one) >= severity.indexOf(other) ? one : other;
}

/** What is compared: values by their names. One that is not known is `undefined`. */
export type CheckedValues = ReadonlyMap<string, number | undefined>;

export interface Thresholds {
  readonly warning: readonly Threshold[];
  readonly critical: readonly Threshold[];
}

export interface CheckVerdict {
  readonly state: CheckState;
  /** Why it is not OK: `queue 12 (queue>10)`. */
  readonly reasons: readonly string[];
}

/**
 * Compares values with thresholds. A threshold of a value that the target does not have is UNKNOWN:
 * it would never raise an alert.
 */
export function judge(values: CheckedValues, { warning, critical }: Thresholds): CheckVerdict {
  let state: CheckState = CheckState.Ok;
  const reasons: string[] = [];
  const levels = [
    [critical, CheckState.Critical],
    [warning, CheckState.Warning],
  ] as const;
  const raised = new Set<string>();
  for (const [thresholds, level] of levels) {
    for (const { name, text, range } of thresholds) {
      const value = values.get(name);
      if (!values.has(name)) {
        state = worseState(state, CheckState.Unknown);
        reasons.push(`there is no value ${name}`);
      } else if (value !== undefined && !raised.has(name) && raisesAlert(range, value)) {
        state = worseState(state, level);
        raised.add(name);
        reasons.push(`${name} ${shown(value)} (${text})`);
      }
    }
  }
  return { state, reasons };
}

/** A number with at most three decimals. */
export function shown(value: number): string {
  return `${Math.round(value * 1_000) / 1_000}`;
}
