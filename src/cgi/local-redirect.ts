const marked = new WeakSet<object>();

/** Whether a Location is a path on the server that it comes from, which may serve it itself. */
export function isLocalPath(location: string): boolean {
  return /^\/(?!\/)/.test(location);
}

/**
 * Says of a redirect, 302, that its application wrote CGI's local one (RFC 3875 §6.2.2): the front
 * end is to serve the Location in its place. Where a protocol or a front end has none, the client
 * is redirected.
 */
export function markLocalRedirect(response: Response): void {
  marked.add(response);
}

/** Whether a response was marked as a local redirect, and still has a Location for one. */
export function isLocalRedirect(response: Pick<Response, "status" | "headers">): boolean {
  if (response.status !== 302 || !marked.has(response)) return false;
  return isLocalPath(response.headers.get("location") ?? "");
}
