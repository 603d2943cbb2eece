import type { Handler } from "./handler.js";

/** A handler made of a handler: an application to the server, and a server to the application. */
export type Middleware = (next: Handler) => Handler;

/**
 * One middleware of several. The first is the outermost: it sees the request first and the response
 * last. `compose(logged, authorized)(application)` is a handler.
 */
export function compose(...middleware: readonly Middleware[]): Middleware {
  return (application) => middleware.reduceRight((next, wrap) => wrap(next), application);
}
