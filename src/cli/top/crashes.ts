import type { PoolConfiguration } from "../../discovery/pool-configuration.js";
import { crashesIn, lastLine } from "../../doctor/findings/workers.js";
import { readLogs } from "../../doctor/pool-logs.js";
import { many } from "../../doctor/words.js";

/** Milliseconds for which the log is read once. */
const AGE = 5_000;

/** What php-fpm's log says of workers that signals have ended: `SIGSEGV has ended 3 workers …`. */
export class Crashes {
  #lines: readonly string[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of the monotonic clock */
  lines(configuration: PoolConfiguration | undefined, now: number): readonly string[] {
    if (configuration === undefined || now - this.#readAt < AGE) return this.#lines;
    this.#readAt = now;
    const { events = [] } = readLogs(configuration, undefined, []);
    this.#lines = crashesIn(events).map(({ name, members }) => {
      const workers = many(members.length, "worker", "workers");
      return `${name} has ended ${workers} in the last hour, ${lastLine(members)}: see fcgi-probe doctor`;
    });
    return this.#lines;
  }
}
