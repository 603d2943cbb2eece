import type { ApacheWorker } from "../../../apache/workers/workers.js";

/** What the workers of an httpd are sorted by. */
export const workerSortKeys = ["ss", "memory", "cpu", "requests"] as const;
export type WorkerSortKey = (typeof workerSortKeys)[number];

/** The workers with the largest value first. By `ss`, active ones come first. */
export function sortWorkers(workers: readonly ApacheWorker[], key: WorkerSortKey): ApacheWorker[] {
  return [...workers].sort(comparers[key]);
}

type Comparer = (one: ApacheWorker, other: ApacheWorker) => number;

/** The largest first; unknown values come last. */
const by =
  (value: (worker: ApacheWorker) => number | undefined): Comparer =>
  (one, other) =>
    (value(other) ?? -1) - (value(one) ?? -1);
const isActive = ({ row, activity }: ApacheWorker) =>
  Number(row !== undefined && activity === "active");
const byAge = by(({ row }) => row?.secondsSinceRequest);

const comparers: Readonly<Record<WorkerSortKey, Comparer>> = {
  ss: (one, other) => isActive(other) - isActive(one) || byAge(one, other),
  memory: by(({ process }) => process?.rss),
  cpu: by(({ row }) => row?.cpu),
  requests: by(({ row }) => row?.childAccesses),
};
