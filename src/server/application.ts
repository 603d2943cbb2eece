import { hasMethod } from "../arguments.js";
import { checkHandler, type HandlerLike, isHandler } from "./handler.js";
import type { ConnectionHandler } from "./raw-connection.js";

/**
 * What a server serves: a handler of requests or, a level below, of connections. Of an object with
 * several, the lowest is used: `connection`, then `streams`, then `fetch`.
 */
export type Application = HandlerLike | { connection: ConnectionHandler };

/** The handler of an application that takes whole connections; undefined for any other. */
export function connectionHandlerOf(application: Application): ConnectionHandler | undefined {
  if (typeof application !== "object" || !("connection" in application)) return undefined;
  return (...accepted) => application.connection(...accepted);
}

export function isApplication(value: unknown): value is Application {
  return isHandler(value) || hasMethod(value, "connection");
}

/** @throws TypeError for what is no application */
export function checkApplication(value: unknown): asserts value is Application {
  if (!isApplication(value)) checkHandler("application", value);
}
