import type { Evidence } from "./evidence.js";

/** How bad a finding is: requests are lost or wait now; will be lost; what makes the next fault worse. */
export const FindingSeverity = {
  Critical: "critical",
  Warning: "warning",
  Notice: "notice",
} as const;
export type FindingSeverity = (typeof FindingSeverity)[keyof typeof FindingSeverity];

/** One thing that is wrong with a pool, and what to change. */
export interface Finding {
  /** Stable, and listed in docs/doctor.md: `saturated_slow`. */
  readonly code: string;
  readonly severity: FindingSeverity;
  /** One line. */
  readonly title: string;
  /** What was seen, a sentence each. */
  readonly evidence: readonly string[];
  /** What to do. */
  readonly change: string;
  /** The file to edit, and the line in it. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** A rule: what it looks for, and how. It is pure, and says nothing where the evidence is missing. */
export interface Rule {
  /** What may be found, by code: one sentence for the docs. */
  readonly codes: Readonly<Record<string, string>>;
  readonly find: (evidence: Evidence) => readonly Finding[];
}

/** The file and the line of a directive. */
export function placeOf(
  { sourceOf }: Pick<Evidence, "sourceOf">,
  directive: string,
): Pick<Finding, "file" | "line"> {
  return placeIn(sourceOf(directive));
}

/** The parts of `/etc/php/8.2/fpm/pool.d/www.conf:4`. */
export function placeIn(source: string | undefined): Pick<Finding, "file" | "line"> {
  const [, file, line] = /^(.*):(\d+)$/s.exec(source ?? "") ?? [];
  return file === undefined ? { file: source } : { file, line: Number(line) };
}
