import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import type { Limits } from "../limits.js";
import { checkCount, checkMilliseconds } from "../numbers.js";
import type { ListenOptions } from "../transport/listen.js";
import type { ListenTarget } from "../transport/listen-address.js";
import type { ConnectionTimeouts } from "./connection-owner.js";
import { installLazyFetch } from "./lazy-fetch/install.js";
import { defaultRunnerOptions, type RunnerOptions } from "./run-request.js";

/** Options of `serve`. Times are in milliseconds. */
export interface ServeOptions extends ListenOptions {
  /** Where to listen. */
  listen: ListenTarget;
  /** The protocol to serve. Default: the scheme of the address; without one, FastCGI. */
  protocol?: Protocol | undefined;
  /** Limits on what a request may contain. Defaults: see `Limits`. */
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  /**
   * Whether a connection may carry several requests at once. Default: false, because FastCGI has no
   * flow control for one request among several. With true, a request whose handler leaves more than
   * `bodyBuffer` of its body unread is aborted.
   */
  multiplex?: boolean | undefined;
  /** Connections that may be open at once. Further ones are closed. Default: 4,096. */
  maxConnections?: number | undefined;
  /** Requests that may run at once. Further ones are refused as overload. Default: 1,024. */
  maxRequests?: number | undefined;
  /** Time until a request's variables are complete. Default: 10,000; 0 waits forever. */
  headerTimeout?: number | undefined;
  /**
   * Time between two requests on a kept connection. Default: 300,000, longer than front ends keep
   * one; 0 waits forever.
   */
  idleTimeout?: number | undefined;
  /** Time between two pieces of a request's body. Default: 60,000; 0 waits forever. */
  bodyTimeout?: number | undefined;
  /** Time until the handler returns its response. Default: 60,000; 0 waits forever. */
  responseTimeout?: number | undefined;
  /** Time a response may wait for the front end to read it. Default: 60,000; 0 waits forever. */
  writeTimeout?: number | undefined;
  /** Bytes of a request's body that may wait for the handler. Default: 262,144. */
  bodyBuffer?: number | undefined;
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
  /** Called with the error of each failed handler, and of each connection closed for a fault. */
  onError?: ((error: unknown) => void) | undefined;
  /**
   * Called with what handlers write to their error stream, where the protocol has none: SCGI, uwsgi
   * and HTTP. Default: writes it to standard error.
   */
  onErrorOutput?: ((bytes: Uint8Array) => void) | undefined;
  /** The engine that decodes requests. Default: the fastest that runs here. */
  engine?: Engine | undefined;
}

/** Default of `maxConnections`. */
export const defaultMaxConnections = 4_096;
/** Default of `maxRequests`. */
export const defaultMaxRequests = 1_024;

/** The options that are numbers. 0 requests and 0 connections are accepted: they refuse all. */
const counts = ["maxConnections", "maxRequests", "bodyBuffer"] as const;
const times = [
  "headerTimeout",
  "idleTimeout",
  "bodyTimeout",
  "responseTimeout",
  "writeTimeout",
] as const;

/** @throws GatewayError `bad_input` for a number that is none, or out of range */
export function checkServeOptions(options: Partial<ServeOptions>): void {
  for (const name of counts) {
    const value = options[name];
    if (value !== undefined && value !== Number.POSITIVE_INFINITY) checkCount(name, value);
  }
  for (const name of times) {
    if (options[name] !== undefined) checkMilliseconds(name, options[name]);
  }
}

/** The timeouts of a connection, with their defaults. */
export function timeoutsOf(options: Partial<ServeOptions>): ConnectionTimeouts {
  return {
    header: options.headerTimeout ?? 10_000,
    idle: options.idleTimeout ?? 300_000,
    write: options.writeTimeout ?? 60_000,
  };
}

/** What a request may take, with the defaults. Installs lazy Fetch if it is on. */
export function runnerOptionsOf(options: Partial<ServeOptions>): RunnerOptions {
  const { bodyBuffer, bodyTimeout, responseTimeout } = defaultRunnerOptions;
  return {
    bodyBuffer: options.bodyBuffer ?? bodyBuffer,
    bodyTimeout: options.bodyTimeout ?? bodyTimeout,
    responseTimeout: options.responseTimeout ?? responseTimeout,
    lazyFetch: options.lazyFetch === true ? installLazyFetch() : undefined,
  };
}
