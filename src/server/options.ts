import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import type { Limits } from "../limits.js";
import type { ListenOptions } from "../transport/listen.js";
import type { ListenTarget } from "../transport/listen-address.js";
import type { ConnectionTimeouts } from "./connection-owner.js";
import type { RunnerOptions } from "./run-request.js";

/** Times are milliseconds, and 0 is for ever. */
export interface ServeOptions extends ListenOptions {
  listen: ListenTarget;
  /** Default: what the address says, else FastCGI. */
  protocol?: Protocol | undefined;
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  /**
   * Lets a connection carry several requests at once. Default false: FastCGI has no flow control
   * for one among several, so a request whose handler leaves more than `bodyBuffer` of its body
   * unread is then given up.
   */
  multiplex?: boolean | undefined;
  /** Connections at once; further ones are closed. Default 4,096. */
  maxConnections?: number | undefined;
  /** Requests at once; further ones are refused as overload. Default 1,024. */
  maxRequests?: number | undefined;
  /** Until a request's variables are complete. Default 10,000. */
  headerTimeout?: number | undefined;
  /** Between requests on a kept connection. Default 300,000, longer than front ends keep one. */
  idleTimeout?: number | undefined;
  /** Between pieces of a request's body. Default 60,000. */
  bodyTimeout?: number | undefined;
  /** Until the handler returns its response. Default 60,000. */
  responseTimeout?: number | undefined;
  /** That the front end may take nothing of a response. Default 60,000. */
  writeTimeout?: number | undefined;
  /** Bytes of a request's body that may wait for the handler. Default 262,144. */
  bodyBuffer?: number | undefined;
  /**
   * IPv4 addresses that may connect over TCP. Default: FCGI_WEB_SERVER_ADDRS, else all. A client that
   * has reset its connection before it is accepted has no address any more, and is refused.
   */
  allowedPeers?: ReadonlySet<string> | undefined;
  /** Hears of each failed handler, and of each connection that was closed for a fault. */
  onError?: ((error: unknown) => void) | undefined;
  /**
   * Takes what handlers write to their error stream where the protocol has none: SCGI,
   * uwsgi and HTTP. Default: this process's standard error.
   */
  onErrorOutput?: ((bytes: Uint8Array) => void) | undefined;
  engine?: Engine | undefined;
}

/** What is served at most when nothing is said. */
export const defaultMaxConnections = 4_096;
export const defaultMaxRequests = 1_024;

/** A connection's times, with all that is left open decided. */
export function timeoutsOf(options: Partial<ServeOptions>): ConnectionTimeouts {
  return {
    header: options.headerTimeout ?? 10_000,
    idle: options.idleTimeout ?? 300_000,
    write: options.writeTimeout ?? 60_000,
  };
}

/** What a request may take, with all that is left open decided. */
export function runnerOptionsOf(options: Partial<ServeOptions>): RunnerOptions {
  return {
    bodyBuffer: options.bodyBuffer ?? 262_144,
    bodyTimeout: options.bodyTimeout ?? 60_000,
    responseTimeout: options.responseTimeout ?? 60_000,
  };
}
