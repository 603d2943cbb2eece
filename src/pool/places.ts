import type { Variables } from "../cgi/variables.js";
import type { Opener, SlotWriter } from "./scoreboard/slot-writer.js";

/**
 * The places of a worker, each for one request at a time. A connection takes one when it comes,
 * for its first request. One of HTTP that is silent, as those are that browsers open ahead, gives it
 * back until its first byte has come. On a kept connection that carries nothing no place is spent:
 * its next request takes one, or waits until one is free.
 */
export class Places {
  /** Requests that have begun. */
  requests = 0;
  readonly #free: SlotWriter[];
  readonly #waiting: ((slot: SlotWriter) => void)[] = [];
  readonly #count: number;
  readonly #changed: () => void;
  /** Places taken, and those that are lacking. */
  #taken = 0;

  /** @param changed is called when places become free, or are taken */
  constructor(slots: readonly SlotWriter[], changed: () => void) {
    this.#free = [...slots].reverse();
    this.#count = slots.length;
    this.#changed = changed;
  }

  /** How many more connections may come. */
  get room(): number {
    return Math.max(0, this.#count - this.#taken);
  }

  /** A connection has come, or its first byte. It gets a place, where there is one. */
  open(opener: Opener): SlotWriter | undefined {
    const slot = this.#free.pop();
    slot?.reading(opener);
    this.#taken += 1;
    this.#changed();
    return slot;
  }

  /** A connection is gone without a request, or is silent. */
  leave(slot: SlotWriter | undefined): void {
    this.#taken -= 1;
    if (slot !== undefined) {
      slot.idle();
      this.#give(slot);
    }
    this.#changed();
  }

  /**
   * A request has come.
   *
   * @param opened what its connection got from {@link open}, if this is its first request
   */
  take(opened: { slot: SlotWriter | undefined } | undefined): SlotWriter | Promise<SlotWriter> {
    if (opened === undefined) this.#taken += 1;
    const slot = opened?.slot ?? this.#free.pop();
    if (opened === undefined) this.#changed();
    if (slot !== undefined) return slot;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  begin(slot: SlotWriter, variables: Variables): void {
    this.requests += 1;
    slot.begin(variables);
  }

  /** The request that ran in a place is over; `undefined` if none did. */
  end(slot: SlotWriter, hasRun: boolean): void {
    if (hasRun) slot.end();
    else slot.idle();
    this.#taken -= 1;
    this.#give(slot);
    this.#changed();
  }

  #give(slot: SlotWriter): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }
}
