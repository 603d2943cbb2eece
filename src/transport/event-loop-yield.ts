/**
 * Runs `act` after the microtasks that are queued. In Node, Deno and Bun this is before the event
 * loop continues; elsewhere it is the next turn.
 */
export const afterMicrotasks: (act: () => void) => void =
  globalThis.process?.nextTick ?? ((act) => void setTimeout(act, 0));

/** Bytes to send before a yield. */
const YIELD_AFTER = 1_048_576;
/** Each chunk counts as this many bytes more: an empty one takes time, too. */
const CHUNK_COST = 4_096;

/** Runtimes without `setImmediate` have no streams that are always ready. */
const nextTurn: (act: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (act) => setTimeout(act, 0);

/**
 * Yields to the event loop after every megabyte of a stream. A stream that is always ready and a
 * peer that always reads would otherwise starve timers and other connections.
 */
export class EventLoopYield {
  #sent = 0;

  /** Counts a chunk that was sent. @returns what to await; undefined to continue at once */
  sent(length: number): Promise<void> | undefined {
    this.#sent += CHUNK_COST + length;
    if (this.#sent < YIELD_AFTER) return undefined;
    this.#sent = 0;
    return new Promise((resolve) => nextTurn(resolve));
  }
}
