import type { ServerStatus } from "../apache/page/server-status.js";
import type { PoolStatus } from "../status-page/pool-status.js";

/** A page, and when it came. */
export interface PageAt<Status> {
  readonly status: Status;
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
}

/** What happened a second between two pages. `undefined` is unknown. */
export interface Rates {
  /** Requests, without those for the pages themselves. */
  readonly requests: number | undefined;
  /** Requests that were slower than `request_slowlog_timeout`. Pools only. */
  readonly slow: number | undefined;
  /** Times that `pm.max_children` was reached. Pools only. */
  readonly maxed: number | undefined;
}

export const unknownRates: Rates = { requests: undefined, slow: undefined, maxed: undefined };

/**
 * The rates of a pool. A pool that was restarted between the pages has none.
 *
 * @param own the requests for pages that the pool has counted: 1, or 0 by `pm.status_listen`
 */
export function poolRates(before: PageAt<PoolStatus>, now: PageAt<PoolStatus>, own: number): Rates {
  if (isRestart(before.status, now.status)) return unknownRates;
  const rate = perSecond(before.status, now.status, (now.at - before.at) / 1_000);
  return {
    requests: rate("acceptedConn", own),
    slow: rate("slowRequests"),
    maxed: rate("maxChildrenReached"),
  };
}

/** The rates of an httpd. One that was restarted between the pages has none. */
export function serverRates(before: PageAt<ServerStatus>, now: PageAt<ServerStatus>): Rates {
  const { uptime: earlier = 0 } = before.status;
  const { uptime: later = earlier } = now.status;
  if (later < earlier) return unknownRates;
  const rate = perSecond(before.status, now.status, (now.at - before.at) / 1_000);
  return { ...unknownRates, requests: rate("totalAccesses", 1) };
}

function isRestart(before: PoolStatus, now: PoolStatus): boolean {
  const isLess = (now.acceptedConn ?? 0) < (before.acceptedConn ?? 0);
  return isLess || now.startTime?.getTime() !== before.startTime?.getTime();
}

type Counter<Status> = {
  [Name in keyof Status]: Status[Name] extends number | undefined ? Name : never;
}[keyof Status];

/**
 * The growth of a counter.
 *
 * @returns a function; its `own` is by how much a reading itself raises the counter
 */
function perSecond<Status>(before: Status, now: Status, seconds: number) {
  return (counter: Counter<Status>, own = 0): number | undefined => {
    const from = before[counter] as number | undefined;
    const to = now[counter] as number | undefined;
    if (from === undefined || to === undefined || to < from || seconds <= 0) return undefined;
    return Math.max(0, to - from - own) / seconds;
  };
}
