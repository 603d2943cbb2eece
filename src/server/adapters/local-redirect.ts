import { Protocol } from "../../address.js";
import { markLocalRedirect } from "../../cgi/response.js";
import type { Variables } from "../../cgi/variables.js";

/** What shows which front end has sent a request. */
export interface RequestSource {
  readonly protocol: Protocol;
  readonly variables: Variables;
}

/**
 * Marks a 302 that its application wrote in CGI's form as a local redirect for the front end. Apache
 * (mod_proxy_scgi, mod_fcgid, mod_cgi) serves the Location itself, others redirect the client. For a
 * front end that is known to do neither, the response stays an ordinary redirect.
 */
export function leaveToFrontEnd(response: Response, source: RequestSource): void {
  if (!showsAnEmptyPage(source)) markLocalRedirect(response);
}

/** Caddy (2.6) and mod_proxy_fcgi (2.4.71) read a head without a status as 200, even with a Location. */
function showsAnEmptyPage({ protocol, variables }: RequestSource): boolean {
  if (protocol !== Protocol.FastCgi) return false;
  const software = variables.get("SERVER_SOFTWARE") ?? "";
  const script = variables.get("SCRIPT_FILENAME") ?? "";
  return software.startsWith("Caddy/") || script.startsWith("proxy:");
}
