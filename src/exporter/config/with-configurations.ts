import type { LocalPools } from "../../discovery/local-pools.js";
import type { ScrapeTarget } from "../target.js";

/**
 * Adds to targets what this machine's configuration says about their pools. Their addresses stay as
 * they are, and those that lead to no pool here stay without.
 */
export function withConfigurations(
  targets: readonly ScrapeTarget[],
  pools: LocalPools,
): readonly ScrapeTarget[] {
  return targets.map((target) => {
    if (!lacksConfiguration(target)) return target;
    const configuration = pools.at(target.address);
    return configuration === undefined ? target : { ...target, configuration };
  });
}

/** Whether a target is a pool about which nothing was read, though it may be one of this machine. */
export function mayHaveConfiguration(target: ScrapeTarget, pools: LocalPools): boolean {
  return lacksConfiguration(target) && pools.isHere(target.address);
}

function lacksConfiguration({ kind, configuration, connectTo }: ScrapeTarget): boolean {
  return kind === "phpfpm" && configuration === undefined && connectTo === undefined;
}
