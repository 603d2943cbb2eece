import { MAX_SLOTS } from "./layout.js";

/** Hands out ranges of the scoreboard's slots, all of one size. */
export class SlotRanges {
  readonly #size: number;
  readonly #used = new Set<number>();
  #end = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Slots that have ever been in use. */
  get end(): number {
    return this.#end;
  }

  /** @returns the first slot of the lowest free range; undefined when the scoreboard is full */
  take(): number | undefined {
    for (let slot = 0; slot + this.#size <= MAX_SLOTS; slot += this.#size) {
      if (this.#used.has(slot)) continue;
      this.#used.add(slot);
      this.#end = Math.max(this.#end, slot + this.#size);
      return slot;
    }
    return undefined;
  }

  free(slot: number): void {
    this.#used.delete(slot);
  }
}
