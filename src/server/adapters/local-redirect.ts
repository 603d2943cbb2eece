import { Protocol } from "../../address.js";
import { markLocalRedirect } from "../../cgi/response.js";
import type { Variables } from "../../cgi/variables.js";

/** How a request came, by which its front end is known. */
export interface RequestSource {
  readonly protocol: Protocol;
  readonly variables: Variables;
}

/**
 * Leaves a local redirect, a 302 whose application wrote it in CGI's form, to the front end: Apache
 * (mod_proxy_scgi, mod_fcgid, mod_cgi) serves the Location itself, others tell the client. Where
 * the front end is known to do neither, it stays the ordinary redirect that it is.
 */
export function leaveToFrontEnd(response: Response, source: RequestSource): void {
  if (!showsAnEmptyPage(source)) markLocalRedirect(response);
}

/** Caddy (2.6) and mod_proxy_fcgi (2.4.71) take a head without a status for 200, Location or not. */
function showsAnEmptyPage({ protocol, variables }: RequestSource): boolean {
  if (protocol !== Protocol.FastCgi) return false;
  const software = variables.get("SERVER_SOFTWARE") ?? "";
  const script = variables.get("SCRIPT_FILENAME") ?? "";
  return software.startsWith("Caddy/") || script.startsWith("proxy:");
}
