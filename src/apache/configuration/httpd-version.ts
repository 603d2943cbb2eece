import { readFileSync, statSync } from "node:fs";

/** A program of httpd's is read up to this size, in bytes. */
const LARGEST = 67_108_864;

/**
 * The version of the httpd in a file, such as `2.4.66`: what `httpd -v` prints stands in it. It is
 * read and not run, because this may be root and the file anyone's.
 */
export function versionOfProgram(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > LARGEST) return undefined;
    const text = readFileSync(path, "latin1");
    return /Apache\/(\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[a-z]{1,10})?)(?![\w.])/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Whether an httpd of a version reads an `<IfVersion>` with these arguments, as mod_version has it;
 * `undefined` for what it would refuse to start with.
 *
 * @param version such as `2.4.66` or `2.5.1-dev`
 */
export function matchesVersion(version: string, values: readonly string[]): boolean | undefined {
  const [first = "", second] = values;
  const [operator, wanted] = second === undefined ? ["=", first] : [first, second];
  const isNegated = operator.startsWith("!");
  const matches = compare(version, isNegated ? operator.slice(1) : operator, wanted);
  return matches === undefined ? undefined : matches !== isNegated;
}

function compare(version: string, operator: string, wanted: string): boolean | undefined {
  const slashed = /^\/(.*)\/$/.exec(wanted)?.[1];
  if (operator === "~") return matchesPattern(version, slashed ?? wanted);
  const isEquality = operator === "=" || operator === "==";
  if (isEquality && slashed !== undefined) return matchesPattern(version, slashed);
  const order = orderOf(version, wanted);
  if (order === undefined) return undefined;
  switch (operator) {
    case "=":
    case "==":
      return order === 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
  }
  return undefined;
}

function matchesPattern(version: string, pattern: string): boolean | undefined {
  try {
    return new RegExp(pattern).test(version);
  } catch {
    return undefined;
  }
}

/** Numbers that are left out are 0: `= 2.4` is 2.4.0 alone. */
function orderOf(version: string, wanted: string): number | undefined {
  if (!/^\d{1,9}(?:\.\d{1,9}){0,2}$/.test(wanted)) return undefined;
  const numbers = wanted.split(".").map(Number);
  for (const [index, number] of version.split("-", 1)[0]?.split(".").entries() ?? []) {
    const difference = Number(number) - (numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
