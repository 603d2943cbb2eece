import { MAX_TIMER } from "../limits.js";

/** A connection in the list of its server. */
export interface ListedConnection {
  /** Its position in the list, which the list sets. */
  index: number;
  /** Completes what has begun, and closes. */
  drain(): void;
  /** Closes at once, whatever is under way. */
  destroy(): void;
}

/**
 * The open connections of a server: an unordered collection with O(1) `add` and `delete`. `serve` and
 * the pool's workers drain and cut connections here.
 *
 * It is an array, not a Set: V8 links each table that a Set has outgrown to the next one, and once
 * one of them is in the old generation, minor collections free none of those after it. With a Set, a
 * small request on a connection of its own costs 7 % more CPU (Node 20 and 24).
 */
export class Connections<Connection extends ListedConnection> {
  readonly #list: Connection[] = [];
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#list.length;
  }

  /** Adds a connection, and drains it at once if the server is closing. */
  add(connection: Connection): void {
    connection.index = this.#list.length;
    this.#list.push(connection);
    if (this.#isDraining) connection.drain();
  }

  /** Removes a connection that is in the list. */
  delete(connection: Connection): void {
    const last = this.#list.pop()!;
    if (last !== connection) {
      this.#list[connection.index] = last;
      last.index = connection.index;
    }
    if (this.#list.length === 0) this.#onEmpty?.();
  }

  /**
   * Lets each connection complete what has begun and close.
   *
   * @param limit milliseconds after which the remaining connections are cut; what is longer than a
   * timer can wait, such as Infinity, waits for all
   * @returns resolves when all are closed
   */
  async drain(limit: number): Promise<void> {
    this.#isDraining = true;
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    // A copy: a connection that closes at once leaves the list.
    for (const connection of [...this.#list]) connection.drain();
    if (this.#list.length === 0) return;
    const timer = limit > MAX_TIMER ? undefined : setTimeout(() => this.#cut(), limit);
    await emptied;
    clearTimeout(timer);
  }

  #cut(): void {
    for (const connection of [...this.#list]) connection.destroy();
  }
}
