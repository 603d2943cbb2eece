import { type StatusOptions, status } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { FleetResult } from "./probe.js";
import { type FleetOptions, probeAll } from "./probe-all.js";

/** What became of one pool. */
export type PoolResult = FleetResult<PoolStatus>;

/** The status of many PHP-FPM pools: results as they come, in order of completion. */
export function fleet(
  targets: Iterable<string> | AsyncIterable<string>,
  options: FleetOptions & Pick<StatusOptions, "full"> = {},
): AsyncGenerator<PoolResult, void, undefined> {
  const { full } = options;
  return probeAll(
    targets,
    (target, limits) => status(target, { ...limits, full, retries: 0 }),
    options,
  );
}
