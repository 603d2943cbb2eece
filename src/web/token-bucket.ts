import type { RateLimit } from "./web-config.js";

/** A rate limit: a bucket that gets a token each interval, and holds `burst` of them. */
export class TokenBucket {
  #limit: RateLimit | undefined;
  #tokens = 0;
  #filled = 0;

  /**
   * Takes a token for a request.
   *
   * @param now milliseconds of a clock that does not go back
   * @returns false when there is none
   */
  take(limit: RateLimit | undefined, now = performance.now()): boolean {
    if (limit === undefined) return true;
    if (limit.interval !== this.#limit?.interval || limit.burst !== this.#limit.burst) {
      this.#tokens = limit.burst;
      this.#filled = now;
    }
    this.#limit = limit;
    const earned = (now - this.#filled) / limit.interval;
    this.#tokens = Math.min(limit.burst, this.#tokens + earned);
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
