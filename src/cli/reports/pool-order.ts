import { busyWorkers } from "../../phpfpm/busy-workers.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import type { TargetSortKey } from "../../top/listing.js";
import type { PoolRow } from "./pool-report.js";
import { saturation } from "./saturation.js";

/** Pools with the largest value first; those with equal ones, and of `name`, by their names. */
export function sortPools(rows: readonly PoolRow[], key: TargetSortKey): PoolRow[] {
  const sizeOf = (row: PoolRow): number =>
    row.ok ? (sortValues[key](row.value) ?? -1) : key === "sick" ? 2 : -1;
  const nameOf = (row: PoolRow): string => (row.ok ? row.value.pool : undefined) ?? row.target;
  return rows.toSorted(
    (one, other) => sizeOf(other) - sizeOf(one) || compareText(nameOf(one), nameOf(other)),
  );
}

const sortValues: Readonly<Record<TargetSortKey, (pool: PoolStatus) => number | undefined>> = {
  sick: (pool) => (saturation(pool).isSaturated ? 1 : 0),
  name: () => -1,
  requests: ({ acceptedConn }) => acceptedConn,
  active: busyWorkers,
  queue: ({ listenQueue }) => listenQueue,
  slow: ({ slowRequests }) => slowRequests,
};

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
