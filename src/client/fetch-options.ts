import type { FrontControllerOptions } from "../cgi/front-controller.js";
import type { ConnectOptions } from "./connect.js";
import type { KeptConnections } from "./kept-connections.js";
import type { FetchOptions } from "./send-request.js";

export interface GatewayFetchOptions extends FetchOptions, FrontControllerOptions, ConnectOptions {
  /**
   * Connections to use, see {@link keepConnections}: they must lead to the backend
   * of `target`. Default: a new connection to `target`.
   */
  connections?: KeptConnections | undefined;
}

/**
 * The fields of fetch's RequestInit, and ours. What a browser decides by has no effect: `cache`,
 * `credentials`, `keepalive`, `mode`, `redirect` and `referrer`. Redirects are returned as they are.
 */
export interface GatewayFetchInit
  extends Omit<GatewayFetchOptions, "signal">,
    Omit<RequestInit, "duplex" | "signal"> {
  /** Set for a body that is a stream. */
  duplex?: "half" | undefined;
  /** Cancels the request, as the signal of a Request does. */
  signal?: AbortSignal | null | undefined;
}
