import type { Worker } from "node:worker_threads";
import { startThread } from "../transport/executable.js";

/** A password, and the hash that it is compared with. */
interface Comparison {
  readonly password: string;
  readonly hash: string;
  /** Whether somebody still waits for it. */
  readonly isWanted: () => boolean;
  readonly done: (isEqual: boolean) => void;
  readonly failed: (error: Error) => void;
}

/** The most comparisons that wait. At a cost of 10 they take eight seconds. */
const MAX_WAITING = 64;
/** Milliseconds after which a comparison has failed. */
const DEADLINE = 30_000;

/**
 * Compares passwords with bcrypt hashes in a thread, one at a time. In the main thread a comparison
 * of cost 12 would delay other answers by 100 ms. The thread starts with the first comparison.
 */
export class BcryptThread {
  #worker: Worker | undefined;
  #running: Comparison | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: Comparison[] = [];

  /**
   * @param isWanted asked before its turn: a comparison that nobody waits for fails without one
   * @returns undefined when too many comparisons wait already
   */
  compare(password: string, hash: string, isWanted: () => boolean): Promise<boolean> | undefined {
    if (this.#waiting.length >= MAX_WAITING) this.#dropUnwanted();
    if (this.#waiting.length >= MAX_WAITING) return undefined;
    return new Promise((done, failed) => {
      this.#waiting.push({ password, hash, isWanted, done, failed });
      this.#next();
    });
  }

  /** Ends the thread. Comparisons that wait fail. */
  close(): void {
    this.#fail(new Error("the listener is closed"));
    for (const { failed } of this.#waiting.splice(0)) failed(new Error("the listener is closed"));
  }

  #next(): void {
    if (this.#running !== undefined) return;
    this.#dropUnwanted();
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running = next;
    try {
      this.#worker ??= this.#start();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#timer = setTimeout(() => this.#fail(new Error("bcrypt takes too long")), DEADLINE);
    this.#worker.postMessage({ password: next.password, hash: next.hash });
  }

  #dropUnwanted(): void {
    for (const each of this.#waiting.splice(0)) {
      if (each.isWanted()) this.#waiting.push(each);
      else each.failed(new Error("nobody waits for the comparison"));
    }
  }

  #start(): Worker {
    const worker = startThread("web/bcrypt-worker", { stdout: false, execArgv: [] });
    worker.on("message", (isEqual: boolean) => this.#end()?.done(isEqual));
    worker.on("error", (error) => this.#fail(error));
    worker.unref();
    return worker;
  }

  #end(): Comparison | undefined {
    const ended = this.#running;
    this.#running = undefined;
    clearTimeout(this.#timer);
    this.#next();
    return ended;
  }

  /** Ends the thread; the next comparison starts another. */
  #fail(error: Error): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#end()?.failed(error);
  }
}
