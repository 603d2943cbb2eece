import { isBodyless, type RequestParts } from "../../cgi/request-from-variables.js";
import type { RequestBody } from "../request-body.js";
import { fetchIsLazy } from "./install.js";
import { createWholeRequest, LazyRequest, type SignalSource, WholeRequest } from "./request.js";
import { standInMaker } from "./stand-in.js";

const standIn = standInMaker(WholeRequest.prototype);

/**
 * The Request that a handler gets: a lazy one after `makeFetchLazy`, else the runtime's own.
 *
 * @param body undefined for a request without one
 */
export function createRequest(
  parts: RequestParts,
  body: RequestBody | undefined,
  source: SignalSource,
): Request {
  const usable = isBodyless(parts.method) ? undefined : body;
  if (!fetchIsLazy()) return createWholeRequest(parts, usable, source);
  return standIn(new LazyRequest(parts, usable, source)) as Request;
}
