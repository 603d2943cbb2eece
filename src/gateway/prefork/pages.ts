import type { Variables } from "../../cgi/variables.js";
import { statusFormatOf, statusMediaTypes, statusPage } from "../status-page.js";
import { countersOf } from "./board-counters.js";
import type { Scoreboard } from "./scoreboard.js";

export interface PageOptions {
  statusPath: string | undefined;
  pingPath: string | undefined;
  pingResponse: string;
}

/**
 * The pool's own pages, when a request asks for one of them. Its path is SCRIPT_NAME, as PHP-FPM
 * has it, or where a front end sends none, what REQUEST_URI says.
 */
export function pageFor(
  variables: Variables,
  board: Scoreboard,
  { statusPath, pingPath, pingResponse }: PageOptions,
): Response | undefined {
  if (statusPath === undefined && pingPath === undefined) return undefined;
  const path = variables.filled("SCRIPT_NAME") ?? requestPath(variables);
  if (path === statusPath) {
    const { format, full } = statusFormatOf(variables.get("QUERY_STRING") ?? "");
    return page(statusPage(countersOf(board, full), format, full), statusMediaTypes[format]);
  }
  return path === pingPath ? page(pingResponse, statusMediaTypes.text) : undefined;
}

function requestPath(variables: Variables): string {
  const path = variables.filled("PATH_INFO") ?? variables.get("REQUEST_URI") ?? "";
  return path.split("?", 1)[0] as string;
}

function page(body: string, mediaType: string): Response {
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      expires: "Thu, 01 Jan 1970 00:00:00 GMT",
      "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
    },
  });
}
