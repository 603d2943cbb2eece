import { type ErrorCode, GatewayError } from "../../src/errors.js";
import { Collector } from "../../src/exporter/collector.js";
import {
  completeSettings,
  type ExporterSettings,
  type LogRecord,
} from "../../src/exporter/settings.js";
import type { ScrapeTarget } from "../../src/exporter/target.js";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { createPool } from "../../src/status-page/records.js";
import { targetOf } from "./targets.js";

/** A read that the test ends. */
export interface Read {
  readonly target: ScrapeTarget;
  readonly signal: AbortSignal;
  succeed(more?: Partial<PoolStatus>): void;
  fail(code: ErrorCode): void;
  throw(error: unknown): void;
}

/** A collector whose reads the test ends by hand. */
export function startCollector(addresses: readonly string[], more: Partial<ExporterSettings> = {}) {
  const reads: Read[] = [];
  const records: LogRecord[] = [];
  const collector = new Collector({
    log: (record) => records.push(record),
    read: (target, { signal }) =>
      new Promise((resolve, reject) => {
        reads.push({
          target,
          signal,
          succeed: (fields = {}) => resolve(Object.assign(createPool(), { pool: "www" }, fields)),
          fail: (code) => reject(new GatewayError(code, "no")),
          throw: reject,
        });
      }),
  });
  const update = (targets: readonly ScrapeTarget[]) =>
    collector.update(completeSettings({ targets, ...more }));
  update(addresses.map((address) => targetOf(address)));
  const read = (address: string) => {
    const found = reads.findLast(({ target }) => target.address === address);
    if (found === undefined) throw new Error(`${address} is not being read`);
    return found;
  };
  /** Scrapes once, and lets the read of every target end in the same way. */
  const scrape = async (end: (read: Read) => void) => {
    const before = reads.length;
    const samples = collector.collect(1_000);
    for (const each of reads.slice(before)) end(each);
    return samples;
  };
  return { collector, reads, records, update, read, scrape };
}
