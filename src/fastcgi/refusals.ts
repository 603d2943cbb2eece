import { ErrorCode, GatewayError } from "../errors.js";

/** Requests and records that may be refused in a row before the peer counts as hostile. */
const MAX_REFUSALS = 1_024;

/** Counts what is refused on a connection between two requests that are served. */
export class Refusals {
  #count = 0;

  /** @throws GatewayError `limit_exceeded` for the 1,025th in a row */
  add(): void {
    this.#count += 1;
    if (this.#count <= MAX_REFUSALS) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the front end sent ${this.#count} requests and records that were refused, without one that was served`,
    );
  }

  /** A request is served. */
  reset(): void {
    this.#count = 0;
  }
}
