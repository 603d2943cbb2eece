import type { HandlerLike } from "./handler.js";
import type { ConnectionHandler } from "./raw-connection.js";

/**
 * What is served: a handler of requests, or, a level below, of connections. An object with several
 * is served by its lowest: `connection`, then `streams`, then `fetch`.
 */
export type Application = HandlerLike | { connection: ConnectionHandler };

/** The handler of an application that takes connections; undefined for any other. */
export function connectionHandlerOf(application: Application): ConnectionHandler | undefined {
  if (typeof application !== "object" || !("connection" in application)) return undefined;
  return (...accepted) => application.connection(...accepted);
}
