import type { PageTarget } from "../page-data.js";

/** How many rounds are kept: a minute or two. */
const KEPT = 60;

/** What the page has seen of a target while it was open. */
export class TargetHistory {
  /** The share of the limit that was busy, 0 to 1. */
  readonly busy: number[] = [];
  /** Requests a second between the last two rounds. `undefined` before the second one. */
  rate: number | undefined;
  #last: { time: number; requests: number } | undefined;

  /** Adds a round. A counter that fell belongs to a pool that was restarted. */
  add({ busy, limit, requests }: PageTarget, time: number): void {
    this.busy.push(busy === undefined ? 0 : Math.min(1, busy / Math.max(1, limit ?? busy)));
    if (this.busy.length > KEPT) this.busy.shift();
    const last = this.#last;
    this.#last = requests === undefined ? undefined : { time, requests };
    const seconds = last === undefined ? 0 : (time - last.time) / 1_000;
    this.rate =
      last === undefined || requests === undefined || requests < last.requests || seconds <= 0
        ? undefined
        : (requests - last.requests) / seconds;
  }
}
