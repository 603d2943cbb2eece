import type { ScrapeTarget } from "../../src/exporter/target.js";
import { kindOf, targetDefaults } from "../../src/exporter/target.js";

/** A target with this address, configured by nothing in particular. */
export function targetOf(address: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  return { ...targetDefaults, address, kind: kindOf(address), source: "the test", ...more };
}

/** The value of the only series that begins like this; `undefined` if there is none. */
export function seriesValue(text: string, series: string): number | undefined {
  const lines = text.split("\n").filter((line) => line.startsWith(series));
  if (lines.length > 1) throw new Error(`${lines.length} series begin with ${series}`);
  return lines[0] === undefined ? undefined : Number(lines[0].slice(lines[0].lastIndexOf(" ")));
}
