import type { RequestEnd } from "../cgi/client-machine.js";

/** A Fetch `Response`, with what a gateway protocol says besides. */
export interface GatewayResponse extends Response {
  /**
   * How the request ended, once the answer is complete. Rejects when it never is: the body's
   * stream then fails with the same error.
   */
  readonly ended: Promise<RequestEnd>;
}
