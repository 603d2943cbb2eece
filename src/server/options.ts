import type { Protocol } from "../address.js";
import type { ListenOptions } from "../transport/listen.js";
import type { ListenTarget } from "../transport/listen-address.js";
import { installLazyFetch } from "./lazy-fetch/install.js";
import type { RunnerOptions } from "./run-request.js";
import { requestOptionsOf, type ServingOptions } from "./serving-options.js";

/** Options of `serve`. Times are in milliseconds. */
export interface ServeOptions extends ListenOptions, ServingOptions {
  /** Where to listen. */
  listen: ListenTarget;
  /** The protocol to serve. Default: the scheme of the address; without one, FastCGI. */
  protocol?: Protocol | undefined;
  /** Connections that may be open at once. Further ones are closed. Default: 4,096. */
  maxConnections?: number | undefined;
  /**
   * IPv4 addresses that may connect over TCP. Default: those of FCGI_WEB_SERVER_ADDRS; without it,
   * all. With a list, a client that resets its connection before it is accepted is refused, because
   * its address can no longer be known.
   */
  allowedPeers?: ReadonlySet<string> | undefined;
  /**
   * Whether Requests and Responses create their parts only when they are read. A small request then
   * takes a quarter to two thirds of the CPU (Node 20 to 24). Default: false, the runtime's own
   * objects.
   *
   * They behave as Fetch requires and are instances of the runtime's classes. For that, the first
   * server with this option replaces the globals `Request`, `Response` and `fetch` for the rest of
   * the process. A `Request` or a `fetch` that a module saved before does not accept the requests of
   * this server.
   */
  lazyFetch?: boolean | undefined;
}

/** What a request may take, with the defaults. Installs lazy Fetch if it is on. */
export function runnerOptionsOf(options: Partial<ServeOptions>): RunnerOptions {
  return {
    ...requestOptionsOf(options),
    lazyFetch: options.lazyFetch === true ? installLazyFetch() : undefined,
  };
}
