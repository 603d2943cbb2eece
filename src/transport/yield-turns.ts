/** Bytes of a stream behind which whatever else the process does has its turn. */
const TURN = 1_048_576;
/** A chunk takes as long as so many bytes, be it empty. */
const CHUNK = 4_096;

/** Runtimes without it have streams that are never ready at once. */
const afterOthers: (act: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (act) => setTimeout(act, 0);

/**
 * Has a stream that is always ready, to a peer that always reads, let others have their turns:
 * promises alone never let go of the event loop, and neither a deadline nor another connection
 * would be heard of.
 */
export class TurnTaking {
  #sent = 0;

  /** Counts a chunk that was sent. @returns what to wait for; undefined when it may go on */
  sent(length: number): Promise<void> | undefined {
    this.#sent += CHUNK + length;
    if (this.#sent < TURN) return undefined;
    this.#sent = 0;
    return new Promise((resolve) => afterOthers(resolve));
  }
}
