import { checkFunction, checkObject, hasMethod, wrongArgument } from "../arguments.js";
import type { Engine } from "../engine/engine.js";
import type { Limits } from "../limits.js";
import { checkCount, checkMilliseconds } from "../numbers.js";
import type { ConnectionTimeouts } from "./connection-owner.js";
import { defaultRunnerOptions, type RunnerOptions } from "./run-request.js";

/** Options of every server of a handler. Times are in milliseconds. */
export interface ServingOptions {
  /** Limits on what a request may contain. Defaults: see `Limits`. */
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  /**
   * Whether a connection may carry several requests at once. Default: false, because FastCGI has no
   * flow control for one request among several. With true, a request whose handler leaves more than
   * `bodyBuffer` of its body unread is aborted.
   */
  multiplex?: boolean | undefined;
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

const listeners = ["onError", "onErrorOutput"] as const;

/**
 * @throws GatewayError `bad_input` for a number that is none, or out of range; TypeError for a
 * listener that is not a function, limits that are not an object, and a signal that is none
 */
export function checkServeOptions(
  options: ServingOptions & {
    maxConnections?: number | undefined;
    signal?: AbortSignal | undefined;
  },
): void {
  for (const name of listeners) {
    if (options[name] !== undefined) checkFunction(name, options[name]);
  }
  const { limits, signal } = options;
  if (limits !== undefined) checkObject("limits", limits);
  if (signal && !hasMethod(signal, "addEventListener")) {
    throw wrongArgument("signal", signal, "an AbortSignal");
  }
  for (const name of counts) {
    const value = options[name];
    if (value !== undefined && value !== Number.POSITIVE_INFINITY) checkCount(name, value);
  }
  for (const name of times) {
    if (options[name] !== undefined) checkMilliseconds(name, options[name]);
  }
}

/** The timeouts of a connection, with their defaults. */
export function timeoutsOf(options: ServingOptions): ConnectionTimeouts {
  return {
    header: options.headerTimeout ?? 10_000,
    idle: options.idleTimeout ?? 300_000,
    write: options.writeTimeout ?? 60_000,
  };
}

/** What a request may take, with the defaults. */
export function requestOptionsOf(options: ServingOptions): RunnerOptions {
  const { bodyBuffer, bodyTimeout, responseTimeout } = defaultRunnerOptions;
  return {
    bodyBuffer: options.bodyBuffer ?? bodyBuffer,
    bodyTimeout: options.bodyTimeout ?? bodyTimeout,
    responseTimeout: options.responseTimeout ?? responseTimeout,
  };
}
