import { isBodyless, type RequestParts } from "../cgi/request-from-variables.js";
import { canBeLazy } from "./lazy-fetch.js";
import { createWholeRequest, LazyRequest, type SignalSource } from "./lazy-request.js";
import type { RequestBody } from "./request-body.js";

/**
 * The Request that a handler gets: the runtime's own where that takes no other.
 *
 * @param body undefined for a request without one
 */
export function createRequest(
  parts: RequestParts,
  body: RequestBody | undefined,
  source: SignalSource,
): Request {
  const usable = isBodyless(parts.method) ? undefined : body;
  if (!canBeLazy()) return createWholeRequest(parts, usable, source);
  return new LazyRequest(parts, usable, source) as unknown as Request;
}
