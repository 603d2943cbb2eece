import type { Variables } from "../cgi/variables.js";
import type { Opener, SlotWriter } from "./scoreboard/slot-writer.js";

/**
 * The places of a worker, each for one request at a time. A new connection takes one for its first
 * request. A silent HTTP connection, such as browsers open in advance, gives it back until its first
 * byte arrives. An idle kept connection takes no place: its next request takes one, or waits until
 * one is free.
 */
export class Places {
  /** The number of requests that have begun. */
  requests = 0;
  readonly #free: SlotWriter[];
  readonly #waiting: ((slot: SlotWriter) => void)[] = [];
  readonly #count: number;
  readonly #changed: () => void;
  /** Places that are taken or waited for. */
  #taken = 0;

  /** @param changed is called when places become free or are taken */
  constructor(slots: readonly SlotWriter[], changed: () => void) {
    this.#free = [...slots].reverse();
    this.#count = slots.length;
    this.#changed = changed;
  }

  /** How many more connections there is room for. */
  get room(): number {
    return Math.max(0, this.#count - this.#taken);
  }

  /** A connection, or its first byte, has arrived. It gets a place if one is free. */
  open(opener: Opener): SlotWriter | undefined {
    const slot = this.#free.pop();
    slot?.reading(opener);
    this.#taken += 1;
    this.#changed();
    return slot;
  }

  /** A connection has closed without a request, or is silent. */
  leave(slot: SlotWriter | undefined): void {
    this.#taken -= 1;
    if (slot !== undefined) {
      slot.idle();
      this.#give(slot);
    }
    this.#changed();
  }

  /**
   * A request has arrived, and takes a place.
   *
   * @param opened the result of {@link open} for its connection, if this is the first request there
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

  /** Frees a place. @param hasRun whether its request has run */
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
