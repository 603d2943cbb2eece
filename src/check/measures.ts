import type { ServerStatus } from "../apache/page/server-status.js";
import { statusFields } from "../apache/page/status-fields.js";
import { entriesOf, isText, poolFields } from "../status-page/fields.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { valueName } from "./threshold.js";

/** Short names of a pool's values, beside the keys of the page. */
const poolNames = {
  idle: "idleProcesses",
  active: "activeProcesses",
  total: "totalProcesses",
  queue: "listenQueue",
  requests: "acceptedConn",
  slow: "slowRequests",
  uptime: "startSince",
} as const satisfies Record<string, keyof typeof poolFields>;

/** Short names of an httpd's values, beside the keys of the page. */
const serverNames = {
  busy: "busyWorkers",
  idle: "idleWorkers",
  graceful: "gracefulWorkers",
  requests: "totalAccesses",
  bytes: "totalTraffic",
  uptime: "uptime",
} as const satisfies Record<string, keyof ServerStatus>;

/** The counters of which rates are made, by their short names. */
const rateNames = ["requests", "slow", "max children reached", "bytes"];

/** The values of one read of a target. */
export interface Measures {
  /** By their names, those of the page first. */
  readonly values: ReadonlyMap<string, number | undefined>;
  /** The short names, in the order in which a report has them. */
  readonly short: readonly string[];
}

/** The numbers of a pool: by the keys of its page, and by short names. */
export function poolMeasures(status: PoolStatus): Measures {
  const values = new Map<string, number | undefined>();
  for (const [property, { key, type }] of entriesOf(poolFields)) {
    if (isText(type) || type === "date") continue;
    values.set(valueName(key), status[property] as number | undefined);
  }
  for (const [name, property] of Object.entries(poolNames)) values.set(name, status[property]);
  return { values, short: Object.keys(poolNames) };
}

/** The numbers of an httpd: by the keys of its page, and by short names. */
export function serverMeasures(status: ServerStatus): Measures {
  const values = new Map<string, number | undefined>();
  for (const { key, property } of statusFields) {
    const value = status[property];
    if (typeof value === "number") values.set(valueName(key), value);
  }
  for (const [name, property] of Object.entries(serverNames)) values.set(name, status[property]);
  return { values, short: Object.keys(serverNames) };
}

/** Counters at a moment, kept from one check to the next. */
export interface Counters {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The counters of a target as they are now. */
export function rateCounters({ values }: Measures, time: number): Counters {
  const known = rateNames.flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { time, values: Object.fromEntries(known) };
}

/**
 * The values with rates: `slow/s` is how much `slow` has grown a second since the last check. A rate
 * is `undefined` at the first check, and after a restart, when the counter is lower than before.
 */
export function withRates(
  measures: Measures,
  before: Counters | undefined,
  now: Counters,
): Measures {
  const values = new Map(measures.values);
  for (const name of rateNames) {
    const value = now.values[name];
    if (value === undefined) continue;
    const last = before?.values[name];
    const seconds = (now.time - (before?.time ?? now.time)) / 1_000;
    const isKnown = last !== undefined && value >= last && seconds > 0;
    values.set(`${name}/s`, isKnown ? (value - last) / seconds : undefined);
  }
  return { ...measures, values };
}
