import { type Handler, type HandlerLike, handlerOf, runStreams } from "./handler.js";
import type { RequestContext } from "./request-context.js";

/** Answers a request by its context. What needs a Request makes it, see {@link RequestContext}. */
export type Responder = (context: RequestContext) => Response | Promise<Response>;

/** What serves in place of handlers that are below Fetch, where nothing stands before them. */
const respondersBelow = new WeakMap<Handler, Responder>();

/** A handler that needs no Request: what cannot be one reaches it as well. */
export function belowFetch(handler: Handler, responder: Responder): Handler {
  respondersBelow.set(handler, responder);
  return handler;
}

/** What serves an application. Below Fetch no Request is made, and nothing is lost to what it lacks. */
export function responderOf(application: HandlerLike): Responder {
  if (typeof application === "object" && "streams" in application) {
    return (context) => runStreams(application, context.input, context);
  }
  const handler = handlerOf(application);
  return respondersBelow.get(handler) ?? ((context) => handler(context.createRequest(), context));
}
