import { shownText } from "../../target.js";
import { isLabelName, reservedLabels } from "../target-checks.js";
import type { FoundTarget } from "./target-source.js";

type Placed = Pick<FoundTarget, "address" | "source">;

/** Targets from all sources, each address once. */
interface JoinedTargets<Target extends Placed> {
  readonly targets: readonly Target[];
  /** What was left out, a sentence each. */
  readonly warnings: readonly string[];
}

/** The most addresses that a warning about them is given for. The rest is counted. */
const MAX_WARNINGS = 100;

/**
 * Joins the targets of several sources. The first source that names an address wins, and a warning
 * names both places.
 */
export function joinTargets<Target extends Placed>(
  sources: Iterable<readonly Target[]>,
): JoinedTargets<Target> {
  const byAddress = new Map<string, Target>();
  const warnings: string[] = [];
  let more = 0;
  for (const targets of sources) {
    for (const target of targets) {
      const first = byAddress.get(target.address);
      if (first === undefined) byAddress.set(target.address, target);
      else if (warnings.length === MAX_WARNINGS) more++;
      else
        warnings.push(`${shownText(target.address)} is in ${first.source} and in ${target.source}`);
    }
  }
  if (more > 0) warnings.push(`${more} more targets are given twice`);
  return { targets: [...byAddress.values()], warnings };
}

/**
 * The labels that the series of a target get: those of its group but the ones that begin with `__`,
 * as with Prometheus. One that the exporter sets itself becomes `exported_…`, also as there: with as
 * many of these as it takes to be no other label of the target.
 */
export function seriesLabels(labels: FoundTarget["labels"]): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (!isLabelName(name) || value === "") continue;
    let free = name;
    while (reservedLabels.has(free) || (free !== name && Object.hasOwn(labels, free))) {
      free = `exported_${free}`;
    }
    kept.push([free, value]);
  }
  return Object.fromEntries(kept);
}
